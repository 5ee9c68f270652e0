"""A PyTorch classifier as an ONNX file, and the check that the two compute the same."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn

OPSET = 18
# float32 convolutions summed in another order: a difference of this size is rounding, not a wrong graph.
TOLERANCE = 1e-3


def write_onnx(model: nn.Module, file: Path, side: int) -> None:
    """One self-contained file; input `input` float32 batch x 3 x side x side, output `logits` batch x classes."""
    torch.onnx.export(
        model, (torch.zeros(2, 3, side, side),), file, dynamo=True, external_data=False, opset_version=OPSET,
        verbose=False, input_names=["input"], output_names=["logits"],
        dynamic_shapes=({0: torch.export.Dim("batch")},),
    )  # fmt: skip
    graph = onnx.load(file)
    onnx.checker.check_model(graph, full_check=True)
    # The exporter notes source lines of this machine with every node: nothing that a server needs.
    for node in graph.graph.node:
        node.ClearField("metadata_props")
        node.ClearField("doc_string")
    for value in (*graph.graph.input, *graph.graph.output, *graph.graph.value_info):
        value.ClearField("metadata_props")
    graph.graph.ClearField("metadata_props")
    onnx.save(graph, file)


def check_against(model: nn.Module, file: Path, side: int) -> None:
    """Stops when the file's logits are not the model's."""
    largest = difference(model, file, side)
    print(f"PyTorch and ONNX Runtime differ by at most {largest:.2e} (batches of 1, 3 and 16)")
    if largest > TOLERANCE:
        raise SystemExit(f"{largest:.2e} is more than {TOLERANCE:.0e}: the exported graph is not the trained network")


@torch.inference_mode()
def difference(model: nn.Module, file: Path, side: int) -> float:
    """The largest difference between PyTorch's and ONNX Runtime's logits, over batches of 1, 3 and 16."""
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    generator = torch.Generator().manual_seed(0)
    largest = 0.0
    for batch in (1, 3, 16):
        x = torch.randn(batch, 3, side, side, generator=generator)
        (logits,) = session.run(["logits"], {"input": x.numpy()})
        largest = max(largest, float(np.abs(logits - model(x).numpy()).max()))
    return largest
