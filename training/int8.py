"""Static int8 quantisation of an ONNX classifier with ONNX Runtime, in the QDQ format."""

import contextlib
import io
import random
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from classifier import Classifier
from preprocess import image_files

METHODS = {
    "minmax": CalibrationMethod.MinMax,
    "entropy": CalibrationMethod.Entropy,
    "percentile": CalibrationMethod.Percentile,
}
ACTIVATIONS = {"uint8": QuantType.QUInt8, "int8": QuantType.QInt8}
# The operators whose time is in multiplying by constant weights. Without one of them int8 gains nothing.
WEIGHTED = ("Conv", "Gemm", "MatMul")


@dataclass(frozen=True)
class Recipe:
    method: str
    """How the range of an activation is chosen: a key of METHODS."""
    percentile: float
    """For the method `percentile`."""
    activations: str
    """A key of ACTIVATIONS; int8 is symmetric, as accelerators want it."""
    full_range: bool
    """Weights of 8 bits. Otherwise 7, which cannot overflow the 16-bit sums of x86 CPUs without VNNI."""
    keep_first: bool
    keep_last: bool
    """Leave the first or the last weighted operator in float32."""

    def provenance(self) -> dict:
        """For the manifest."""
        return {
            "tool": f"training/quantise.py, onnxruntime {onnxruntime.__version__}, static QDQ",
            "activations": self.activations,
            "weights": f"int8 per channel, {8 if self.full_range else 7} bits",
            "method": f"percentile {self.percentile}" if self.method == "percentile" else self.method,
            "float32Layers": [word for word, kept in (("first", self.keep_first), ("last", self.keep_last)) if kept],
        }


class CalibrationImages(CalibrationDataReader):
    """The chosen files as batches. `set_range` makes ONNX Runtime take them one batch at a time, so that the
    activations of one batch are in memory and not those of all images."""

    def __init__(self, classifier: Classifier, files: list[Path], batch: int = 10) -> None:
        size = classifier.fixed_batch or batch
        if not files:
            raise SystemExit("no calibration images")
        if classifier.fixed_batch and len(files) < size:
            raise SystemExit(
                f"{len(files)} calibration images do not fill one batch, and the model takes batches of {size}"
            )
        self.classifier = classifier
        whole = len(files) - len(files) % size if classifier.fixed_batch else len(files)
        self.batches = [files[start : start + size] for start in range(0, whole, size)]
        self.pending = iter(self.batches)

    def __len__(self) -> int:
        return len(self.batches)

    def set_range(self, start_index: int, end_index: int) -> None:
        self.pending = iter(self.batches[start_index:end_index])

    def get_next(self) -> dict[str, np.ndarray] | None:
        files = next(self.pending, None)
        return None if files is None else {self.classifier.input["name"]: self.classifier.batch(files)}


def calibration_files(root: Path, count: int, seed: int) -> list[Path]:
    """`count` of the image files under `root`, at random; the same ones for the same seed."""
    files = image_files(root)
    if not files:
        raise SystemExit(f"no calibration images under {root}")
    if not 1 <= count <= len(files):
        raise SystemExit(f"{count} calibration images were asked for, {root} has {len(files)}")
    return random.Random(seed).sample(files, count)


def quantisable_nodes(model: onnx.ModelProto) -> list[str]:
    """Names of the convolutions and matrix products with constant float32 weights, in the order of the graph."""
    weights = {tensor.name for tensor in model.graph.initializer if tensor.data_type == onnx.TensorProto.FLOAT}
    weighted = (node for node in model.graph.node if node.op_type in WEIGHTED)
    return [node.name for node in weighted if node.input[1] in weights]


def quantise(source: Path, target: Path, images: CalibrationImages, recipe: Recipe) -> None:
    """Writes `source` to `target` with activations quantised per tensor, weights symmetrically per output channel."""
    with tempfile.TemporaryDirectory() as scratch:
        # Folds batch norms and constants, and infers the shapes that the quantiser goes by.
        prepared = Path(scratch) / "prepared.onnx"
        quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
        nodes = quantisable_nodes(onnx.load(prepared))
        if not nodes:
            raise SystemExit(
                f"{source} has nothing to quantise: no {', '.join(WEIGHTED)} with constant float32 weights"
            )
        # ONNX Runtime's calibration talks to stdout, once per batch.
        with contextlib.redirect_stdout(io.StringIO()):
            quantize_static(
                str(prepared),
                str(target),
                images,
                quant_format=QuantFormat.QDQ,
                calibrate_method=METHODS[recipe.method],
                activation_type=ACTIVATIONS[recipe.activations],
                weight_type=QuantType.QInt8,
                per_channel=True,
                reduce_range=not recipe.full_range,
                nodes_to_exclude=nodes[:1] * recipe.keep_first + nodes[-1:] * recipe.keep_last,
                extra_options={
                    "ActivationSymmetric": recipe.activations == "int8",
                    "CalibPercentile": recipe.percentile,
                    # Batches between two updates of the ranges; despite its name, for every method.
                    "CalibStridedMinMax": 1,
                },
            )
    drop_unused_domains(target)


def drop_unused_domains(file: Path) -> None:
    """The optimiser behind quant_pre_process declares operator sets that no node uses; other runtimes may refuse
    them."""
    model = onnx.load(file)
    used = {node.domain for node in model.graph.node} | {""}
    kept = [opset for opset in model.opset_import if opset.domain in used]
    del model.opset_import[:]
    model.opset_import.extend(kept)
    onnx.checker.check_model(model)
    onnx.save(model, file)
