"""Makes weights that train.py can begin with (--init, --teacher) out of an exported ONNX version.

    python unfold.py --model ../model-registry/resnet-cifar10/2/model.onnx --data DIR --out runs/second/weights.pt

The export folds every batch norm into the convolution before it. This puts one back behind each convolution, with the
statistics of training images, so that the network computes what it did, by its own statistics as by a batch's.
"""

import argparse
import copy
from itertools import islice
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import nn

from data import augmented_batches, load_folder
from resnet import CifarResNet

# How fast a filter under a batch norm turns depends on its length, and folding left lengths of any size behind.
# This is the norm of a layer's weights at the end of a training with train.py's defaults: 5 to 10.
LAYER_NORM = 7.0
BATCHES, BATCH, PAD, CUTOUT = 32, 128, 4, 10


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="model.onnx that export.py wrote")
    parser.add_argument("--data", type=Path, required=True, help="folder with train/, a folder per class")
    parser.add_argument("--out", type=Path, required=True, help="weights.pt to write")
    return parser.parse_args()


def folded_parameters(file: Path) -> dict[str, torch.Tensor]:
    """The graph's weights by the names that PyTorch gave them: `stem.0.weight`, `stem.0.bias`, …"""
    graph = onnx.load(file).graph
    return {tensor.name: torch.from_numpy(numpy_helper.to_array(tensor).copy()) for tensor in graph.initializer}


def norms_behind(model: CifarResNet) -> dict[str, tuple[nn.Conv2d, nn.BatchNorm2d]]:
    """Every convolution with the batch norm that follows it, by the convolution's name."""
    pairs = {"stem.0": (model.stem[0], model.stem[1])}
    for index, block in enumerate(model.blocks):
        pairs[f"blocks.{index}.conv1"] = (block.conv1, block.bn1)
        pairs[f"blocks.{index}.conv2"] = (block.conv2, block.bn2)
        if len(block.shortcut):
            pairs[f"blocks.{index}.shortcut.0"] = (block.shortcut[0], block.shortcut[1])
    return pairs


@torch.no_grad()
def with_identity_norms(folded: dict[str, torch.Tensor]) -> CifarResNet:
    """The network whose batch norms only add the folded bias."""
    blocks = len({name.split(".")[1] for name in folded if name.startswith("blocks.")}) // 3
    model = CifarResNet(folded["stem.0.weight"].shape[0], blocks, folded["classifier.bias"].shape[0])
    for name, (conv, norm) in norms_behind(model).items():
        conv.weight.copy_(folded[f"{name}.weight"])
        norm.weight.fill_((1 + norm.eps) ** 0.5)
        norm.bias.copy_(folded[f"{name}.bias"])
    model.classifier.weight.copy_(folded["classifier.weight"])
    model.classifier.bias.copy_(folded["classifier.bias"])
    return model.eval()


@torch.no_grad()
def put_norms_back(model: CifarResNet, batches: list[torch.Tensor]) -> None:
    """Gives every batch norm of `with_identity_norms` the mean and variance of its input over `batches` of images,
    N x 3 x H x W, and every filter of a layer the same length; what the network computes does not change."""
    pairs = norms_behind(model).values()
    seen: dict[nn.BatchNorm2d, list[tuple[torch.Tensor, torch.Tensor]]] = {norm: [] for _, norm in pairs}

    def note(norm: nn.BatchNorm2d, inputs: tuple[torch.Tensor]) -> None:
        (x,) = inputs
        seen[norm].append((x.mean((0, 2, 3)), x.square().mean((0, 2, 3))))

    hooks = [norm.register_forward_pre_hook(note) for norm in seen]
    for batch in batches:
        model(batch)
    for hook in hooks:
        hook.remove()
    for conv, norm in pairs:
        mean, square = (torch.stack(values).mean(0) for values in zip(*seen[norm], strict=True))
        length = conv.weight.flatten(1).norm(dim=1).clamp_min(1e-8)
        scale = LAYER_NORM / len(length) ** 0.5 / length
        # var + eps under the root, and not var, is what the batch norm divides by.
        variance = (square - mean.square()).clamp_min(0) * scale.square()
        norm.running_mean.copy_(mean * scale)
        norm.running_var.copy_(variance)
        norm.weight.copy_((variance + norm.eps).sqrt() / scale)
        norm.bias.add_(mean)
        conv.weight.mul_(scale.view(-1, 1, 1, 1))


def main() -> None:
    args = arguments()
    model = with_identity_norms(folded_parameters(args.model))
    images, _ = load_folder(args.data / "train")
    generator = torch.Generator().manual_seed(0)
    augmented = augmented_batches(images, BATCH, images.shape[-1], PAD, CUTOUT, generator)
    batches = [x for x, _ in islice(augmented, BATCHES)]
    with torch.inference_mode():
        before = model(batches[0])
    put_norms_back(model, batches)
    with torch.inference_mode():
        # On a copy: a batch's statistics would enter the network's own.
        by_own, by_batch = model(batches[0]), copy.deepcopy(model).train()(batches[0])
    print(f"logits differ by at most {float((by_own - before).abs().max()):.1e} by the network's own statistics")
    agreement = float((by_batch.argmax(1) == before.argmax(1)).float().mean())
    print(f"{agreement:.1%} of a batch get the same class by the batch's statistics")
    args.out.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"width": model.stem[0].out_channels, "state": model.state_dict(), "arguments": {}}, args.out)


if __name__ == "__main__":
    main()
