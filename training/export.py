"""Writes a trained CIFAR ResNet into the registry as an ONNX version, checked against PyTorch and evaluated.

    python export.py --weights runs/resnet20/weights.pt --registry ../model-registry --name resnet-cifar10 \\
        --version 1 --description "ResNet-20, float32" --data DIR
"""

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

import golden
from classifier import Classifier
from data import MEAN, STD, class_names
from evaluate import evaluate
from onnx_file import check_against, write_onnx
from registry import LABELS, MODEL, artifact, new_version, refuse_existing, version_folder, write_manifest
from resnet import CifarResNet, from_state

SIDE = 32
"""Pixels to a side of the input."""
# What train.py was told that shapes the result; folders and threads do not.
RECIPE = (
    "width", "batch", "lr", "weight_decay", "label_smoothing", "pad", "cutout", "ema", "float32",
    "warm_start", "small_epochs", "small_side", "teachers", "teachers_share", "temperature",
)  # fmt: skip
JPEG_COPY = "JPEG copy (quality 75, 4:2:0)"
DATASET = f"CIFAR-10 test, {JPEG_COPY}"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--weights", type=Path, help="weights.pt of a finished training")
    source.add_argument("--checkpoint", type=Path, help="checkpoint.pt of a running one: its averaged weights so far")
    parser.add_argument("--registry", type=Path, required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--version", type=int, required=True)
    parser.add_argument("--description", required=True)
    parser.add_argument("--license", default="Apache-2.0")
    parser.add_argument("--data", type=Path, required=True, help="folder with test/, a folder per class")
    parser.add_argument("--dataset", default=DATASET, help=f"what --data is, for the manifest (default {DATASET!r})")
    parser.add_argument("--golden", type=golden.parse, action="append", default=[], metavar="FILE:LABEL:MIN_CONFIDENCE")
    parser.add_argument("--force", action="store_true", help="replace the version if it exists")
    return parser.parse_args()


def load_weights(file: Path) -> tuple[dict[str, torch.Tensor], dict]:
    """The averaged weights, and what their file knows of the training, for the manifest's `provenance`."""
    saved = torch.load(file, weights_only=True)
    if "state" in saved:
        told = saved["arguments"]
        # train.py stores them as Python prints them.
        recipe = {key: json.loads(told[key].lower()) for key in RECIPE if key in told}
        return saved["state"], {"seed": int(told["seed"]), "epochs": int(told["epochs"]), "recipe": recipe}
    prefix = "module."
    state = {key.removeprefix(prefix): value for key, value in saved["averaged"].items() if key.startswith(prefix)}
    return state, {"epochs": saved["epoch"], "unfinished": True}


def fold_batch_norm(model: CifarResNet) -> None:
    """Folds every batch norm into the convolution before it, in place (Jacob et al. 2017, arXiv:1712.05877, 3.2)."""
    model.stem = nn.Sequential(fuse_conv_bn_eval(model.stem[0], model.stem[1]), model.stem[2])
    for block in model.blocks:
        block.conv1, block.bn1 = fuse_conv_bn_eval(block.conv1, block.bn1), nn.Identity()
        block.conv2, block.bn2 = fuse_conv_bn_eval(block.conv2, block.bn2), nn.Identity()
        if len(block.shortcut):
            block.shortcut = nn.Sequential(fuse_conv_bn_eval(block.shortcut[0], block.shortcut[1]))


def manifest(args: argparse.Namespace, training: dict) -> dict:
    """All that is known before the model is evaluated; `artifact`, `evaluation` and `golden` follow."""
    return {
        "schema": 1,
        "name": args.name,
        "version": args.version,
        "description": args.description,
        "license": args.license,
        "task": "image-classification",
        "artifact": {},
        "input": {
            "name": "input", "layout": "NCHW", "dtype": "float32", "width": 32, "height": 32, "channels": "RGB",
            "resize": {"mode": "shorter-side", "size": 32, "kernel": "bilinear"}, "crop": "center",
            "scale": 1 / 255, "mean": list(MEAN), "std": list(STD),
        },
        "output": {"name": "logits", "activation": "softmax"},
        "labels": LABELS,
        "evaluation": {},
        "provenance": {
            "source": f"training/train.py on CIFAR-10 train, {JPEG_COPY}; torch {torch.__version__}",
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            **training,
        },
        "runtime": {"workers": 1, "threads": 1, "maxBatch": 16, "maxQueue": 256, "maxDelayMs": 0},
        "golden": [],
    }  # fmt: skip


def main() -> None:
    args = arguments()
    folder = version_folder(args.registry, args.name, args.version)
    refuse_existing(folder, args.force)
    torch.set_num_threads(1)
    state, training = load_weights(args.weights or args.checkpoint)
    labels = class_names(args.data / "test")
    if len(labels) != state["classifier.bias"].shape[0]:
        raise SystemExit(
            f"{args.data / 'test'} has {len(labels)} classes, the weights {state['classifier.bias'].shape[0]}"
        )
    # Folding is checked too: the reference keeps its batch norms.
    reference, folded = from_state(state), from_state(state)
    fold_batch_norm(folded)

    with new_version(folder, args.force) as partial:
        model = partial / MODEL
        write_onnx(folded, model, SIDE)
        check_against(reference, model, SIDE)
        written = manifest(args, training)
        written["artifact"] = artifact(model)
        (partial / LABELS).write_text("\n".join(labels) + "\n", encoding="utf-8")
        classifier = Classifier(model, written, labels)
        result = evaluate(classifier, args.data / "test")
        written["evaluation"] = {
            "dataset": args.dataset,
            "images": result.images,
            "top1": round(result.top1, 4),
            "command": f"npm run eyrie -- evaluate {args.name} {args.version} --images DIR",
        }
        written["golden"] = golden.add(partial, args.golden, labels)
        golden.check(classifier, partial, written["golden"])
        write_manifest(partial, written)
    print(f"{folder}: {written['artifact']['bytes']} bytes, top-1 {result.top1:.4f} over {result.images} images")


if __name__ == "__main__":
    main()
