"""Compares our tensors with the reference, in units of 1/255 of a channel's range, and prints a Markdown table.

    python3 training/parity/compare.py .cache/parity --model model-registry/resnet-cifar10/2/model.onnx

Needs numpy, and onnxruntime for --model: each model runs on both tensors of every image, and the share of images to
which it gives the same class is printed. A model takes the tensors of the spec that fits its input.
"""

import argparse
import json
from collections import defaultdict
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
# Pillow's own conversion of 16-bit grey to RGB has changed over time and clips in some versions, so there is nothing to
# agree with. We keep the upper byte, as with every other 16-bit kind.
NO_REFERENCE = {"PNG 16-bit grey"}


def differences(ours: np.ndarray, reference: np.ndarray, spec: dict) -> np.ndarray:
    """|ours - reference| before normalisation, in units of 1/255: N x 3 x height x width."""
    std = np.asarray(spec["std"], np.float32)[None, :, None, None]
    return np.abs(ours - reference) * std * 255


def top1(model: Path, tensors: np.ndarray) -> np.ndarray:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return np.concatenate([session.run(None, {name: one[None]})[0].reshape(1, -1).argmax(axis=1) for one in tensors])


def input_width(model: Path) -> int:
    import onnxruntime

    return onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"]).get_inputs()[0].shape[3]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cache", type=Path)
    parser.add_argument("--model", type=Path, action="append", default=[])
    arguments = parser.parse_args()
    cache: Path = arguments.cache
    index = json.loads((cache / "images/index.json").read_text())
    specs = json.loads((HERE / "specs.json").read_text())
    versions = json.loads((cache / "reference.json").read_text())

    ours, reference, result = {}, {}, {}
    for name, spec in specs.items():
        reference[name] = np.load(cache / f"reference-{name}.npy")
        ours[name] = np.fromfile(cache / f"ours-{name}.f32", np.float32).reshape(reference[name].shape)
        result[name] = differences(ours[name], reference[name], spec)

    rows = defaultdict(list)
    unread = []
    for i, entry in enumerate(index):
        readable = [not np.isnan(tensors[name][i, 0, 0, 0]) for tensors in (ours, reference) for name in specs]
        if all(readable):
            rows[entry["kind"]].append(i)
        else:
            unread.append((entry, all(readable[: len(specs)]), all(readable[len(specs) :])))
    shared = [i for kind, numbers in rows.items() if kind not in NO_REFERENCE for i in numbers]

    print(f"Pillow {versions['pillow']}, torchvision {versions['torchvision']}\n")
    print("| kind | images | " + " | ".join(f"{name}: mean | max" for name in specs) + " |")
    print("| --- | ---: |" + " ---: | ---: |" * len(specs))
    for kind, numbers in [*rows.items(), ("**all but 16-bit grey**", shared)]:
        cells = (f"{result[name][numbers].mean():.3f} | {result[name][numbers].max():.1f}" for name in specs)
        print(f"| {kind} | {len(numbers)} | " + " | ".join(cells) + " |")
    print()
    for entry, we, pillow in unread:
        print(f"- {entry['file']} ({entry['kind']}): read by us: {we}, by Pillow: {pillow}")

    for model in arguments.model:
        if not model.exists():
            print(f"- {model}: no such file")
            continue
        width = input_width(model)
        name = next((name for name, spec in specs.items() if spec["width"] == width), None)
        if name is None:
            print(f"- {model}: no spec has an input of width {width}")
            continue
        same = top1(model, ours[name][shared]) == top1(model, reference[name][shared])
        print(f"- {model} ({name}): the same top-1 for {same.sum()} of {same.size} images")
        for i, agreed in zip(shared, same):
            if not agreed:
                print(f"  - not for {index[i]['file']} ({index[i]['kind']})")


if __name__ == "__main__":
    main()
