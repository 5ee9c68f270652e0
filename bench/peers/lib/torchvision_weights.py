"""torchvision's ResNets with the weights of the ONNX file."""

import json
import os
from pathlib import Path

import onnx
import torch
import torchvision
from onnx import numpy_helper

FOLDER = Path(os.environ["MODEL_FOLDER"])
LABELS = (FOLDER / "labels.txt").read_text().splitlines()


def load_model() -> torch.nn.Module:
    """The network with its batch norms, as torchvision has it. In the file they are folded into the convolutions: here a
    convolution has the folded weight, and the batch norm behind it adds the folded bias and changes nothing else."""
    manifest = json.loads((FOLDER / "model.json").read_text())
    graph = onnx.load(FOLDER / manifest["artifact"]["file"]).graph
    values = {tensor.name: torch.from_numpy(numpy_helper.to_array(tensor).copy()) for tensor in graph.initializer}
    model = getattr(torchvision.models, manifest["name"])(weights=None).eval()
    state = model.state_dict()
    for name, value in values.items():
        layer, kind = name.rsplit(".", 1)
        if kind == "bias" and layer != "fc":
            norm = batch_norm_of(layer)
            state[f"{norm}.bias"] = value
            state[f"{norm}.weight"] = torch.ones_like(value)
            state[f"{norm}.running_mean"] = torch.zeros_like(value)
            # x / sqrt(variance + epsilon) must be x.
            state[f"{norm}.running_var"] = torch.full_like(value, 1 - 1e-5)
        else:
            state[name] = value
    model.load_state_dict(state)
    return model


def batch_norm_of(convolution: str) -> str:
    """torchvision's names: conv2 is followed by bn2, downsample.0 by downsample.1."""
    if convolution.endswith("downsample.0"):
        return convolution[: -len("0")] + "1"
    return convolution.replace("conv", "bn")
