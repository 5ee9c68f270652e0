"""The reference for a manifest's `input`: an image file to the model's input tensor, with Pillow and numpy."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

KERNELS = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "nearest": Image.Resampling.NEAREST,
    "lanczos": Image.Resampling.LANCZOS,
}
IMAGE_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"}


def image_files(root: Path) -> list[Path]:
    """Every image file under `root`, at any depth, sorted."""
    return sorted(file for file in root.rglob("*") if file.suffix.lower() in IMAGE_SUFFIXES)


def load(file: Path, spec: dict) -> np.ndarray:
    """The image as one input tensor without the batch dimension: 3 x H x W (NCHW) or H x W x 3 (NHWC)."""
    with Image.open(file) as image:
        return to_tensor(fit(ImageOps.exif_transpose(image).convert("RGB"), spec), spec)


def fit(image: Image.Image, spec: dict) -> Image.Image:
    """Resizes and crops an RGB image to the manifest's width x height, in pixels."""
    size = spec["width"], spec["height"]
    kernel = KERNELS[spec["resize"]["kernel"]]
    mode = spec["resize"]["mode"]
    if mode == "exact":
        return resize(image, size, kernel)
    if mode == "pad":
        return ImageOps.pad(image, size, kernel)
    if mode != "shorter-side":
        raise SystemExit(f"resize.mode {mode!r} is not known")
    image = resize(image, shorter_side(image.size, spec["resize"].get("size", min(size))), kernel)
    if spec["crop"] == "center":
        image = center_crop(image, size)
    if image.size != size:
        raise SystemExit(f"the manifest's resize gives {image.size}, its input is {size} and it crops nothing")
    return image


def to_tensor(image: Image.Image, spec: dict) -> np.ndarray:
    """x = (pixel * scale - mean) / std per channel, in the manifest's channel order, layout and dtype."""
    pixels = np.asarray(image, dtype=np.float64)
    if spec["channels"] == "BGR":
        pixels = pixels[:, :, ::-1]
    x = (pixels * spec["scale"] - spec["mean"]) / spec["std"]
    if spec["layout"] == "NCHW":
        x = x.transpose(2, 0, 1)
    return np.ascontiguousarray(x, dtype=spec["dtype"])


def shorter_side(size: tuple[int, int], target: int) -> tuple[int, int]:
    """(width, height) with the shorter side at `target` and the longer one truncated, as torchvision's Resize."""
    width, height = size
    if width <= height:
        return target, int(target * height / width)
    return int(target * width / height), target


def resize(image: Image.Image, size: tuple[int, int], kernel: Image.Resampling) -> Image.Image:
    return image if image.size == size else image.resize(size, kernel)


def center_crop(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The middle `size` pixels, black where the image is too small; margins are split as torchvision's CenterCrop
    splits them."""
    left, top = (
        round((have - want) / 2) if have >= want else -((want - have) // 2)
        for have, want in zip(image.size, size, strict=True)
    )
    return image.crop((left, top, left + size[0], top + size[1]))
