"""Makes the committed fixtures of parity.spec.ts: small images of many kinds, and the pixels that Pillow makes of them.

    python3 training/parity/fixtures.py libs/tasks/src/image-classification/worker/image/fixtures

Needs torchvision. parity.json lists the cases; the expected pixels of all lie in parity.bin, one after the other in its
order, 8 bits, height x width x RGB: what the tensor holds when the model takes the pixels as they are.
"""

import argparse
import json
import zlib
from pathlib import Path

import numpy as np
import PIL
import png
import torchvision
from images import (
    Encoder,
    animation,
    deep_png,
    few_greys,
    gif_on_larger_canvas,
    oriented,
    palette,
    plain,
    with_alpha,
)
from reference import geometry, read
from torchvision import transforms

# Name, encoder, width, height.
IMAGES: list[tuple[str, Encoder, int, int]] = [
    ("jpeg-420.jpg", plain("JPEG", quality=80, subsampling=2), 83, 61),
    ("jpeg-444.jpg", plain("JPEG", quality=80, subsampling=0), 61, 83),
    ("jpeg-progressive.jpg", plain("JPEG", quality=75, progressive=True), 90, 70),
    ("jpeg-grey.jpg", plain("JPEG", "L", quality=80), 70, 71),
    ("jpeg-cmyk.jpg", plain("JPEG", "CMYK", quality=75), 60, 50),
    ("jpeg-orientation-2.jpg", oriented("JPEG", 2), 50, 40),
    ("jpeg-orientation-6.jpg", oriented("JPEG", 6), 50, 40),
    ("jpeg-orientation-7.jpg", oriented("JPEG", 7), 50, 40),
    ("png-rgb.png", plain("PNG"), 40, 33),
    ("png-rgba.png", with_alpha("PNG"), 36, 40),
    ("png-grey-alpha.png", with_alpha("PNG", "LA"), 45, 36),
    ("png-palette.png", palette("PNG", transparent=False), 60, 48),
    ("png-palette-transparent.png", palette("PNG", transparent=True), 60, 48),
    ("png-1-bit.png", plain("PNG", "1"), 64, 64),
    ("png-4-bit-grey.png", few_greys(4), 50, 60),
    ("png-16-bit-rgb.png", deep_png(png.RGB), 25, 20),
    ("png-1x200.png", plain("PNG"), 1, 200),
    ("png-1x1.png", plain("PNG"), 1, 1),
    ("webp-lossy.webp", plain("WEBP", quality=75), 90, 65),
    ("webp-lossless-alpha.webp", with_alpha("WEBP", lossless=True), 36, 36),
    ("webp-animated.webp", animation("WEBP", quality=60), 48, 40),
    ("gif.gif", palette("GIF", transparent=False), 60, 50),
    ("gif-transparent.gif", palette("GIF", transparent=True), 60, 50),
    ("gif-animated.gif", animation("GIF"), 32, 30),
    ("gif-smaller-frame.gif", gif_on_larger_canvas, 50, 50),
]

AS_PIXELS = {
    "name": "input", "layout": "NHWC", "dtype": "uint8", "channels": "RGB",
    "scale": 1, "mean": [0, 0, 0], "std": [1, 1, 1],
}  # fmt: skip


def model_input(size: int, resize: dict, crop: str = "center") -> dict:
    return {**AS_PIXELS, "width": size, "height": size, "resize": {"kernel": "bilinear", **resize}, "crop": crop}


INPUTS = {
    "cifar": model_input(32, {"mode": "shorter-side", "size": 32}),
    # As ImageNet's 256 and 224, made smaller: many of the images have to be enlarged for it.
    "imagenet": model_input(40, {"mode": "shorter-side", "size": 46}),
    "bicubic": model_input(24, {"mode": "exact", "kernel": "bicubic"}, "none"),
    "lanczos": model_input(40, {"mode": "shorter-side", "size": 44, "kernel": "lanczos"}),
    "nearest": model_input(31, {"mode": "exact", "kernel": "nearest"}, "none"),
    "pad": model_input(32, {"mode": "pad"}, "none"),
    # The crop is larger than what the resize gives: black all around.
    "small": model_input(37, {"mode": "shorter-side", "size": 20}),
}
EVERY_IMAGE = ["cifar", "imagenet"]
SOME = ["jpeg-420.jpg", "jpeg-444.jpg", "png-rgb.png"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    cases, expected = [], bytearray()
    for name, encode, width, height in IMAGES:
        (folder / name).write_bytes(encode(np.random.default_rng(zlib.crc32(name.encode())), width, height))
        image = read(folder / name)
        for input_name in INPUTS if name in SOME else EVERY_IMAGE:
            pixels = np.asarray(transforms.Compose(geometry(INPUTS[input_name]))(image))
            cases.append({"image": name, "input": input_name})
            expected += pixels.tobytes()
    versions = {"pillow": PIL.__version__, "torchvision": torchvision.__version__.split("+")[0]}
    description = {"made_with": versions, "inputs": INPUTS, "cases": cases}
    (folder / "parity.json").write_text(json.dumps(description, indent=2) + "\n")
    (folder / "parity.bin").write_bytes(expected)
    print(f"{len(IMAGES)} images, {len(cases)} cases in {folder}")


if __name__ == "__main__":
    main()
