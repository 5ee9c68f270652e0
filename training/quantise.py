"""Quantises a float32 version of the registry to int8, and writes it as a new version when it is accurate enough.

    python quantise.py --registry ../model-registry --name resnet-cifar10 --from 2 --to 3 \\
        --calibration DIR/train --images 1000 --evaluate DIR/test

Images are preprocessed as the version's manifest says; calibration images may lie in folders or not.
"""

import argparse
import logging
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

import golden
from classifier import Classifier
from evaluate import evaluate, labelled_files
from int8 import ACTIVATIONS, METHODS, CalibrationImages, Recipe, calibration_files, quantise
from registry import (
    LABELS,
    MODEL,
    artifact,
    new_version,
    read_manifest,
    refuse_existing,
    version_folder,
    write_manifest,
)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--registry", type=Path, required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--from", type=int, required=True, dest="source", metavar="VERSION")
    parser.add_argument("--to", type=int, required=True, dest="target", metavar="VERSION")
    parser.add_argument("--calibration", type=Path, required=True, help="images to measure the activations' ranges on")
    parser.add_argument("--images", type=int, default=1000, help="how many of them to take, at random (default 1000)")
    parser.add_argument("--evaluate", type=Path, required=True, help="one folder of images per label")
    parser.add_argument("--dataset", help="what --evaluate is, for the manifest (default: what the original names)")
    parser.add_argument("--description", help="default: the original's, and that it is int8")
    parser.add_argument(
        "--max-drop", type=float, default=0.5, help="percentage points of top-1 it may lose (default 0.5)"
    )
    parser.add_argument(
        "--method", choices=METHODS, default="percentile", help="how a range is chosen (default percentile)"
    )
    parser.add_argument("--percentile", type=float, default=99.999, help="for --method percentile (default 99.999)")
    parser.add_argument(
        "--activations", choices=ACTIVATIONS, default="uint8", help="default uint8, the fast one on CPUs"
    )
    parser.add_argument("--full-range", action="store_true", help="weights of 8 bits, not 7; for CPUs with VNNI only")
    parser.add_argument("--keep-first", action="store_true", help="leave the first weighted operator in float32")
    parser.add_argument("--keep-last", action="store_true", help="leave the last weighted operator in float32")
    parser.add_argument("--seed", type=int, default=1, help="of the choice of calibration images (default 1)")
    parser.add_argument("--force", action="store_true", help="replace the version --to if it exists")
    args = parser.parse_args()
    if args.source == args.target:
        parser.error("--from and --to are the same version")
    return args


def dataset_name(args: argparse.Namespace, original: dict, labels: list[str]) -> str:
    """What --evaluate is called: as told, or as the original's manifest, if it has as many images."""
    if args.dataset:
        return args.dataset
    known = original.get("evaluation")
    images = len(labelled_files(args.evaluate, labels)[0])
    if not known or known["images"] != images:
        raise SystemExit(
            f"version {args.source} was not evaluated on {args.evaluate} ({images} images): name it with --dataset"
        )
    return known["dataset"]


def milliseconds(classifier: Classifier, batch: int = 16, runs: int = 50) -> float:
    """Median CPU time of one run of `batch` images, or of the model's fixed batch, on one thread and without
    decoding. CPU time, because it hardly depends on what else the machine does."""
    height, width = classifier.input["height"], classifier.input["width"]
    shape = (3, height, width) if classifier.input["layout"] == "NCHW" else (height, width, 3)
    x = np.zeros((classifier.fixed_batch or batch, *shape), classifier.input["dtype"])
    times = []
    for _ in range(runs + 5):
        started = time.process_time()
        classifier.run(x)
        times.append(time.process_time() - started)
    return float(np.median(times[5:]) * 1000)


def copy_beside(source: Path, target: Path, original: dict) -> None:
    """Labels and golden images."""
    shutil.copyfile(source / original["labels"], target / LABELS)
    for entry in original.get("golden", []):
        (target / entry["image"]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / entry["image"], target / entry["image"])


def main() -> None:
    args = arguments()
    logging.getLogger().setLevel(logging.ERROR)
    source = version_folder(args.registry, args.name, args.source)
    target = version_folder(args.registry, args.name, args.target)
    refuse_existing(target, args.force)
    original = read_manifest(source)
    before = Classifier.open(source, original)
    dataset = dataset_name(args, original, before.labels)
    images = CalibrationImages(before, calibration_files(args.calibration, args.images, args.seed))
    recipe = Recipe(args.method, args.percentile, args.activations, args.full_range, args.keep_first, args.keep_last)

    with new_version(target, args.force) as partial:
        model = partial / MODEL
        quantise(source / original["artifact"]["file"], model, images, recipe)
        after = Classifier(model, original, before.labels)
        was, now = evaluate(before, args.evaluate), evaluate(after, args.evaluate)
        drop = 100 * (was.top1 - now.top1)
        print(f"top-1 {was.top1:.4f} -> {now.top1:.4f} ({-drop:+.2f} points) over {now.images} images")
        print(f"{milliseconds(before):.2f} -> {milliseconds(after):.2f} ms of CPU for a batch on one thread")
        print(f"{original['artifact']['bytes']} -> {artifact(model)['bytes']} bytes")
        if drop > args.max_drop:
            raise SystemExit(
                f"refused: {drop:.2f} points of top-1 are lost, at most {args.max_drop} may be; nothing written"
            )
        copy_beside(source, partial, original)
        golden.check(after, partial, original.get("golden", []))
        changed = {
            "version": args.target,
            "description": args.description or f"{original.get('description', args.name)}, quantised to int8",
            "artifact": artifact(model),
            "labels": LABELS,
            "evaluation": {
                "dataset": dataset,
                "images": now.images,
                "top1": round(now.top1, 4),
                "command": f"npm run eyrie -- evaluate {args.name} {args.target} --images DIR",
            },
            "provenance": {
                "source": f"quantised from version {args.source}",
                "created": datetime.now(UTC).isoformat(timespec="seconds"),
                "original": {
                    "version": args.source,
                    "sha256": original["artifact"]["sha256"],
                    "top1": round(was.top1, 4),
                    "provenance": original.get("provenance", {}),
                },
                "quantisation": recipe.provenance() | {"calibrationImages": args.images, "seed": args.seed},
            },
        }
        write_manifest(partial, original | changed)
    print(f"wrote {target}")


if __name__ == "__main__":
    main()
