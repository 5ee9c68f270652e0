"""https://docs.ray.io/en/latest/serve/http-guide.html and …/serve/advanced-guides/dyn-req-batch.html"""

import os
from typing import Annotated

import numpy as np
from classification import Classifier, best_classes, preprocess
from fastapi import FastAPI, File
from ray import serve

app = FastAPI()


@serve.deployment(num_replicas=int(os.environ["CPUS"]), ray_actor_options={"num_cpus": 1}, max_ongoing_requests=64)
@serve.ingress(app)
class ImageClassifier:
    def __init__(self) -> None:
        self.classifier = Classifier()

    @serve.batch(max_batch_size=8, batch_wait_timeout_s=0)
    async def classify(self, images: list[np.ndarray]) -> list[dict]:
        return [{"predictions": best_classes(logits)} for logits in self.classifier.run(np.stack(images))]

    @app.get("/health")
    def health(self) -> dict:
        return {"status": "ok"}

    @app.post("/predict")
    async def predict(self, file: Annotated[bytes, File()]) -> dict:
        return await self.classify(preprocess(file))


if __name__ == "__main__":
    serve.start(http_options={"host": "127.0.0.1", "port": int(os.environ["PORT"])})
    serve.run(ImageClassifier.bind(), blocking=True)
