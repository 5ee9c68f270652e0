"""CIFAR-10 as a folder of JPEG files per class, read once into arrays, and its augmentation."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

# Mean and standard deviation of the training pixels, RGB, in units of 0..1.
MEAN = (0.4914, 0.4822, 0.4465)
STD = (0.2470, 0.2435, 0.2616)


def class_names(root: Path) -> list[str]:
    """The folder names under `root`, sorted: the order of the class ids."""
    names = sorted(folder.name for folder in root.iterdir() if folder.is_dir())
    if not names:
        raise SystemExit(f"{root} has no class folders; give a folder that holds one folder of images per class")
    return names


def load_folder(root: Path, cache: Path | None = None) -> tuple[torch.Tensor, torch.Tensor]:
    """All images under `root/<class>/`, as uint8 N x 3 x 32 x 32 (RGB), and their class ids, int64 N."""
    if cache is not None and cache.exists():
        with np.load(cache) as stored:
            return torch.from_numpy(stored["images"]), torch.from_numpy(stored["labels"])
    images, labels = [], []
    for class_id, name in enumerate(class_names(root)):
        for file in sorted((root / name).iterdir()):
            with Image.open(file) as image:
                pixels = np.asarray(image.convert("RGB"))
            if pixels.shape != (32, 32, 3):
                raise SystemExit(f"{file} is {pixels.shape[1]}x{pixels.shape[0]}; 32x32 is expected")
            images.append(pixels.transpose(2, 0, 1))
            labels.append(class_id)
    result = np.stack(images), np.asarray(labels, dtype=np.int64)
    if cache is not None:
        cache.parent.mkdir(parents=True, exist_ok=True)
        np.savez(cache, images=result[0], labels=result[1])
    return torch.from_numpy(result[0]), torch.from_numpy(result[1])


def normalise(images: torch.Tensor) -> torch.Tensor:
    """uint8 N x 3 x H x W to float32 (x / 255 - mean) / std."""
    mean = torch.tensor(MEAN).view(1, 3, 1, 1) * 255
    std = torch.tensor(STD).view(1, 3, 1, 1) * 255
    return (images.float() - mean) / std


def augmented_batches(
    images: torch.Tensor, batch: int, side: int, pad: int, cutout: int, generator: torch.Generator
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """One epoch of shuffled batches: float32 N x 3 x side x side, and which images they are, int64 N.

    Every image gets its own flip, its own crop of `side` pixels out of the image with a reflected border of `pad`
    pixels, and one square hole of `cutout` pixels (DeVries and Taylor 2017, arXiv:1708.04552), filled with the mean
    colour. A last incomplete batch is dropped.
    """
    order = torch.randperm(len(images), generator=generator)
    places = images.shape[-1] + 2 * pad - side + 1
    pixels = torch.arange(side)
    for start in range(0, len(order) - batch + 1, batch):
        chosen = order[start : start + batch]
        x = normalise(images[chosen])
        x = F.pad(x, (pad, pad, pad, pad), mode="reflect")
        top = torch.randint(0, places, (batch, 1), generator=generator) + pixels
        left = torch.randint(0, places, (batch, 1), generator=generator) + pixels
        mirrored = torch.rand(batch, generator=generator) < 0.5
        left = torch.where(mirrored.view(-1, 1), left.flip(1), left)
        index = torch.arange(batch).view(-1, 1, 1, 1)
        x = x[index, torch.arange(3).view(1, -1, 1, 1), top.view(batch, 1, side, 1), left.view(batch, 1, 1, side)]
        if cutout:
            y0 = torch.randint(-cutout // 2, side - cutout // 2, (batch, 1), generator=generator)
            x0 = torch.randint(-cutout // 2, side - cutout // 2, (batch, 1), generator=generator)
            in_rows = (pixels >= y0) & (pixels < y0 + cutout)
            in_columns = (pixels >= x0) & (pixels < x0 + cutout)
            x = x.masked_fill((in_rows.unsqueeze(2) & in_columns.unsqueeze(1)).unsqueeze(1), 0.0)
        yield x, chosen
