"""https://docs.bentoml.com/en/latest/get-started/adaptive-batching.html"""

import os

import bentoml
import numpy as np
from classification import Classifier, best_classes, preprocess
from pathlib import Path


@bentoml.service(workers=int(os.environ["CPUS"]), traffic={"timeout": 60})
class ImageClassifier:
    def __init__(self) -> None:
        self.classifier = Classifier()

    @bentoml.api(batchable=True, max_batch_size=8, max_latency_ms=10_000)
    def predict(self, files: list[Path]) -> list[dict]:
        batch = np.stack([preprocess(file.read_bytes()) for file in files])
        return [{"predictions": best_classes(logits)} for logits in self.classifier.run(batch)]
