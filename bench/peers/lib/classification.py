"""What every ONNX Runtime peer does with an image: Pillow and NumPy before the run, softmax and the five best after it."""

import io
import json
import os
from pathlib import Path

import numpy as np
from PIL import Image

FOLDER = Path(os.environ["MODEL_FOLDER"])
"""A version's folder: model.onnx, model.json, labels.txt."""

THREADS = int(os.environ.get("MODEL_THREADS", "0"))
"""Threads of one run; 0 leaves the choice to the runtime, which takes a thread for each core."""

MANIFEST = json.loads((FOLDER / "model.json").read_text())
LABELS = (FOLDER / "labels.txt").read_text().splitlines()
INPUT = MANIFEST["input"]
SHORTER_SIDE = INPUT["resize"]["size"]
WIDTH, HEIGHT = INPUT["width"], INPUT["height"]
MEAN = np.array(INPUT["mean"], np.float32).reshape(3, 1, 1)
STD = np.array(INPUT["std"], np.float32).reshape(3, 1, 1)


def preprocess(file: bytes) -> np.ndarray:
    """float32 [3, height, width]: shorter side resized, centre cropped, normalised, as torchvision's transforms do."""
    image = Image.open(io.BytesIO(file)).convert("RGB")
    width, height = image.size
    if width < height:
        size = SHORTER_SIDE, int(SHORTER_SIDE * height / width)
    else:
        size = int(SHORTER_SIDE * width / height), SHORTER_SIDE
    image = image.resize(size, Image.Resampling.BILINEAR)
    left, top = round((size[0] - WIDTH) / 2), round((size[1] - HEIGHT) / 2)
    image = image.crop((left, top, left + WIDTH, top + HEIGHT))
    pixels = np.asarray(image, np.float32).transpose(2, 0, 1) / np.float32(255)
    return (pixels - MEAN) / STD


def best_classes(logits: np.ndarray) -> list[dict]:
    """The five best of the classes, with their probabilities."""
    exponentials = np.exp(logits - logits.max())
    probabilities = exponentials / exponentials.sum()
    best = np.argsort(probabilities)[::-1][:5]
    return [{"class_id": int(i), "label": LABELS[i], "confidence": float(probabilities[i])} for i in best]


class Classifier:
    """The model in ONNX Runtime."""

    def __init__(self) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = THREADS
        model = FOLDER / MANIFEST["artifact"]["file"]
        self.session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def run(self, batch: np.ndarray) -> np.ndarray:
        """float32 [batch, 3, height, width] to float32 [batch, classes]."""
        return self.session.run([MANIFEST["output"]["name"]], {INPUT["name"]: batch})[0]
