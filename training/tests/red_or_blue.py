"""A version of the registry that tells red images from blue ones: small enough to be built in a test."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from registry import LABELS, MODEL, artifact, write_manifest

SIZE = 8
COLOURS = {"red": (230, 20, 30), "blue": (20, 30, 230)}


def write_version(folder: Path, *, batch: str | int = "batch", weights: bool = True) -> dict:
    """A 1x1 convolution whose two channels are red minus blue and blue minus red, averaged over the image. The
    output keeps its 1-sized dimensions. Without `weights` there is only the average, over red and green."""
    folder.mkdir(parents=True)
    nodes = [
        helper.make_node("GlobalAveragePool", ["features" if weights else "pixels"], ["logits"], "pool"),
    ]
    initializers = []
    classes = 3
    if weights:
        kernel = np.float32([[4, 0, -4], [-4, 0, 4]]).reshape(2, 3, 1, 1)
        initializers = [
            numpy_helper.from_array(kernel, "kernel"),
            numpy_helper.from_array(np.zeros(2, np.float32), "bias"),
        ]
        nodes.insert(0, helper.make_node("Conv", ["pixels", "kernel", "bias"], ["features"], "conv"))
        classes = 2
    graph = helper.make_graph(
        nodes,
        "red-or-blue",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, [batch, 3, SIZE, SIZE])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [batch, classes, 1, 1])],
        initializers,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.save(model, folder / MODEL)
    (folder / LABELS).write_text("\n".join([*COLOURS, "green"][:classes]) + "\n")
    manifest = {
        "schema": 1,
        "name": folder.parent.name,
        "version": int(folder.name),
        "task": "image-classification",
        "artifact": artifact(folder / MODEL),
        "input": {
            "name": "pixels", "layout": "NCHW", "dtype": "float32", "width": SIZE, "height": SIZE, "channels": "RGB",
            "resize": {"mode": "exact", "kernel": "bilinear"}, "crop": "none",
            "scale": 1 / 255, "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5],
        },
        "output": {"name": "logits", "activation": "softmax"},
        "labels": LABELS,
    }  # fmt: skip
    write_manifest(folder, manifest)
    return manifest


def write_images(root: Path, per_label: int = 6) -> Path:
    """`root/LABEL/*.png`: the label's colour with noise, each file another one."""
    random = np.random.default_rng(3)
    for label, colour in COLOURS.items():
        (root / label).mkdir(parents=True)
        for index in range(per_label):
            pixels = np.clip(random.normal(colour, 20, (12, 10, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(root / label / f"{index}.png")
    return root
