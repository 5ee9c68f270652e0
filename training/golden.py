"""Golden images: a version may serve only when it recognises each of them with at least the given confidence."""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from classifier import Classifier


class Golden(NamedTuple):
    file: Path
    label: str
    min_confidence: float
    """0..1"""


# What the server takes as a file's name in a manifest.
FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def parse(text: str) -> Golden:
    """`FILE:LABEL:MIN_CONFIDENCE`, e.g. `ship.png:ship:0.5`."""
    file, label, confidence = (["", "", *text.rsplit(":", 2)])[-3:]
    if not (file and label) or not _is_share(confidence):
        raise ValueError(f"{text!r} is not FILE:LABEL:MIN_CONFIDENCE with a confidence from 0 to 1")
    return Golden(Path(file), label, float(confidence))


def add(folder: Path, golden: Sequence[Golden], labels: list[str]) -> list[dict]:
    """Copies the images to `folder/golden/` and returns the manifest's entries for them."""
    entries = []
    for entry in golden:
        if entry.label not in labels:
            raise SystemExit(f"golden image {entry.file}: the model has no label {entry.label!r}")
        if not FILE_NAME.fullmatch(entry.file.name) or ".." in entry.file.name:
            raise SystemExit(f"golden image {entry.file}: rename it to letters, digits, '.', '_' and '-'")
        target = folder / "golden" / entry.file.name
        if target.exists():
            raise SystemExit(f"two golden images are named {entry.file.name}")
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(entry.file, target)
        entries.append({"image": f"golden/{target.name}", "label": entry.label, "minConfidence": entry.min_confidence})
    return entries


def check(classifier: Classifier, folder: Path, entries: Sequence[dict]) -> None:
    """Stops with the reason when the model does not pass its golden images."""
    probabilities = classifier.predict([folder / entry["image"] for entry in entries])
    for entry, row in zip(entries, probabilities, strict=True):
        label, confidence = classifier.labels[int(row.argmax())], float(row.max())
        if label != entry["label"] or confidence < entry["minConfidence"]:
            expected = f"{entry['label']} with at least {entry['minConfidence']}"
            raise SystemExit(f"golden image {entry['image']}: expected {expected}, got {label} with {confidence:.4f}")


def _is_share(text: str) -> bool:
    try:
        return 0 <= float(text) <= 1
    except ValueError:
        return False
