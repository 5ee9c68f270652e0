"""A version of the registry, opened with ONNX Runtime: image files in, a probability per class out."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import onnxruntime

import preprocess
from registry import read_labels


class Classifier:
    """`model` is the ONNX file; `manifest` says how images become its input and what its output means."""

    def __init__(self, model: Path, manifest: dict, labels: list[str], threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self.input = manifest["input"]
        self.output = manifest["output"]
        self.labels = labels

    @classmethod
    def open(cls, folder: Path, manifest: dict, threads: int = 1) -> "Classifier":
        """Opens a written version."""
        model = folder / manifest["artifact"]["file"]
        return cls(model, manifest, read_labels(folder, manifest), threads)

    @property
    def fixed_batch(self) -> int | None:
        """The batch size the graph insists on, or None where it takes any."""
        size = self.session.get_inputs()[0].shape[0]
        return size if isinstance(size, int) else None

    def batch(self, files: Sequence[Path]) -> np.ndarray:
        """The files as one input: N x 3 x H x W, or N x H x W x 3."""
        return np.stack([preprocess.load(file, self.input) for file in files])

    def run(self, x: np.ndarray) -> np.ndarray:
        """One run: an input of N images to N x classes probabilities, float32."""
        (raw,) = self.session.run([self.output["name"]], {self.input["name"]: x})
        scores = raw.reshape(len(x), -1).astype(np.float32)
        if scores.shape[1] != len(self.labels):
            raise SystemExit(f"the model gives {scores.shape[1]} scores an image, there are {len(self.labels)} labels")
        return softmax(scores) if self.output["activation"] == "softmax" else scores

    def predict(self, files: Sequence[Path], batch: int = 100) -> Iterator[np.ndarray]:
        """One row of probabilities per file, in the order of `files`."""
        size = self.fixed_batch or batch
        for start in range(0, len(files), size):
            chosen = files[start : start + size]
            x = self.batch(chosen)
            if self.fixed_batch and len(x) < size:
                x = np.concatenate([x, np.zeros((size - len(x), *x.shape[1:]), x.dtype)])
            yield from self.run(x)[: len(chosen)]


def softmax(logits: np.ndarray) -> np.ndarray:
    """Along the last axis, shifted by the maximum so that it cannot overflow."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)
