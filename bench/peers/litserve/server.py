"""https://lightning.ai/docs/litserve/features/batching: LitServe takes what waits, up to the batch size."""

import os

import litserve as ls
import numpy as np
from classification import Classifier, best_classes, preprocess


class ImageClassifier(ls.LitAPI):
    def setup(self, device: str) -> None:
        self.classifier = Classifier()

    def decode_request(self, request) -> np.ndarray:
        return preprocess(request["file"].file.read())

    def predict(self, batch: np.ndarray) -> np.ndarray:
        return self.classifier.run(batch)

    def encode_response(self, logits: np.ndarray) -> dict:
        return {"predictions": best_classes(logits)}


if __name__ == "__main__":
    api = ImageClassifier(max_batch_size=8)
    server = ls.LitServer(api, accelerator="cpu", workers_per_device=int(os.environ["CPUS"]))
    server.run(host="127.0.0.1", port=int(os.environ["PORT"]), generate_client_file=False)
