"""Top-1 accuracy of a version over folders of images, one folder per label, with the Pillow reference preprocessing.

    python evaluate.py --registry ../model-registry --name resnet-cifar10 --version 2 --images DIR

A cross-check of the server's own `eyrie evaluate`, which gives the figures of record.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from classifier import Classifier
from preprocess import image_files
from registry import read_manifest, version_folder


@dataclass(frozen=True)
class Evaluation:
    labels: list[str]
    confusion: np.ndarray
    """classes x classes counts: row = the folder's label, column = the prediction."""

    @property
    def images(self) -> int:
        return int(self.confusion.sum())

    @property
    def top1(self) -> float:
        """0..1"""
        return float(self.confusion.trace() / self.confusion.sum())

    def recall(self, class_id: int) -> float:
        """The share of a class's images that were recognised, 0..1; NaN where it has none."""
        of_class = self.confusion[class_id].sum()
        return float(self.confusion[class_id, class_id] / of_class) if of_class else float("nan")

    def worst_confusions(self, count: int) -> list[tuple[str, str, int]]:
        """(label, mistaken for, images), most frequent first."""
        wrong = self.confusion.copy()
        np.fill_diagonal(wrong, 0)
        pairs = [divmod(int(index), len(self.labels)) for index in np.argsort(-wrong, axis=None, kind="stable")[:count]]
        return [(self.labels[a], self.labels[b], int(wrong[a, b])) for a, b in pairs if wrong[a, b]]


def labelled_files(root: Path, labels: list[str]) -> tuple[list[Path], list[int]]:
    """The image files under `root/LABEL/` and their class ids."""
    files: list[Path] = []
    class_ids: list[int] = []
    for folder in sorted(entry for entry in root.iterdir() if entry.is_dir()):
        if folder.name not in labels:
            raise SystemExit(f"{folder}: the model has no label {folder.name!r}; name the folders after its labels")
        found = image_files(folder)
        files += found
        class_ids += [labels.index(folder.name)] * len(found)
    if not files:
        raise SystemExit(f"{root} has no images; give a folder that holds one folder of images per label")
    return files, class_ids


def evaluate(classifier: Classifier, images: Path) -> Evaluation:
    """Runs every image under `images/LABEL/` once."""
    files, class_ids = labelled_files(images, classifier.labels)
    confusion = np.zeros((len(classifier.labels),) * 2, dtype=np.int64)
    for truth, probabilities in zip(class_ids, classifier.predict(files), strict=True):
        confusion[truth, int(probabilities.argmax())] += 1
    return Evaluation(classifier.labels, confusion)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--registry", type=Path, required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--version", type=int, required=True)
    parser.add_argument("--images", type=Path, required=True, help="one folder of images per label")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()

    folder = version_folder(args.registry, args.name, args.version)
    manifest = read_manifest(folder)
    result = evaluate(Classifier.open(folder, manifest, args.threads), args.images)
    print(f"{args.name} {args.version}: top-1 {result.top1:.4f} over {result.images} images")
    for class_id, label in enumerate(result.labels):
        if result.confusion[class_id].sum():
            print(f"  {label:<20} {result.recall(class_id):.4f}")
    print("most frequent mistakes:")
    for label, prediction, count in result.worst_confusions(8):
        print(f"  {label} taken for {prediction}: {count}")


if __name__ == "__main__":
    main()
