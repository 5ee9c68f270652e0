"""Versions on disk: `REGISTRY/NAME/VERSION/` with model.json, the ONNX file, labels.txt and golden images."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MANIFEST = "model.json"
MODEL = "model.onnx"
LABELS = "labels.txt"


def version_folder(registry: Path, name: str, version: int) -> Path:
    return registry / name / str(version)


def read_manifest(folder: Path) -> dict:
    """The manifest of a written version; its ONNX file must be the one that the manifest describes."""
    file = folder / MANIFEST
    if not file.is_file():
        raise SystemExit(f"{file} is missing; there is no such version")
    manifest = json.loads(file.read_text(encoding="utf-8"))
    found = sha256_of(folder / manifest["artifact"]["file"])
    if found != manifest["artifact"]["sha256"]:
        raise SystemExit(
            f"{folder}: the ONNX file's sha256 is {found}, the manifest says {manifest['artifact']['sha256']}"
        )
    return manifest


def write_manifest(folder: Path, manifest: dict) -> None:
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def artifact(file: Path) -> dict:
    """The manifest's `artifact` for an ONNX file."""
    return {"file": file.name, "sha256": sha256_of(file), "bytes": file.stat().st_size}


def read_labels(folder: Path, manifest: dict) -> list[str]:
    """One label per class, in the order of the model's output."""
    return (folder / manifest["labels"]).read_text(encoding="utf-8").splitlines()


def sha256_of(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def refuse_existing(folder: Path, force: bool) -> None:
    if folder.exists() and not force:
        raise SystemExit(f"{folder} exists, and a version never changes once written; take another number, or --force")


@contextmanager
def new_version(folder: Path, force: bool) -> Iterator[Path]:
    """An empty folder to write a version into. It becomes `folder` in one rename when the block ends well, so that
    a server that polls the registry never sees half a version; when the block fails, nothing is left behind."""
    refuse_existing(folder, force)
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
        if folder.exists():
            replaced = folder.with_name(f".{folder.name}.replaced")
            folder.rename(replaced)
            partial.rename(folder)
            shutil.rmtree(replaced)
        else:
            partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
