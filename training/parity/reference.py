"""The reference: what torchvision and Pillow, with which the models are trained, make of the images.

    python3 training/parity/reference.py .cache/parity

Needs torchvision; any version from 0.14 on will do. Writes <cache>/reference-<spec>.npy, float32 N x 3 x height x
width, NaN where Pillow cannot read an image.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import PIL
import torchvision
from PIL import Image, ImageOps
from torchvision import transforms
from torchvision.transforms import InterpolationMode

HERE = Path(__file__).parent
KERNELS = {
    "bilinear": InterpolationMode.BILINEAR,
    "bicubic": InterpolationMode.BICUBIC,
    "nearest": InterpolationMode.NEAREST,
    "lanczos": InterpolationMode.LANCZOS,
}


def read(file: Path) -> Image.Image:
    with Image.open(file) as image:
        return ImageOps.exif_transpose(image).convert("RGB")


def geometry(spec: dict) -> list:
    """The steps that give 8-bit pixels of the model's size."""
    resize, size = spec["resize"], (spec["height"], spec["width"])
    kernel = KERNELS[resize["kernel"]]
    match resize["mode"]:
        case "shorter-side":
            return [transforms.Resize(resize["size"], kernel), transforms.CenterCrop(size)]
        case "exact":
            return [transforms.Resize(size, kernel)]
        case "pad":
            method = getattr(Image.Resampling, kernel.name)
            return [lambda image: ImageOps.pad(image, (spec["width"], spec["height"]), method)]
        case mode:
            raise SystemExit(f"no such resize mode: {mode}")


def preprocessing(spec: dict) -> transforms.Compose:
    return transforms.Compose(
        [*geometry(spec), transforms.ToTensor(), transforms.Normalize(spec["mean"], spec["std"])]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cache", type=Path)
    cache = parser.parse_args().cache
    Image.MAX_IMAGE_PIXELS = None
    index = json.loads((cache / "images/index.json").read_text())
    specs = json.loads((HERE / "specs.json").read_text())
    steps = {name: preprocessing(spec) for name, spec in specs.items()}
    tensors = {
        name: np.full((len(index), 3, spec["height"], spec["width"]), np.nan, np.float32)
        for name, spec in specs.items()
    }
    for i, entry in enumerate(index):
        try:
            image = read(cache / "images" / entry["file"])
        except Exception as error:  # Pillow raises many kinds; that it cannot read the file is the result
            print(f"{entry['file']} ({entry['kind']}): {error!r}")
            continue
        for name in specs:
            tensors[name][i] = steps[name](image).numpy()
    for name, array in tensors.items():
        np.save(cache / f"reference-{name}.npy", array)
    versions = {"pillow": PIL.__version__, "torchvision": torchvision.__version__.split("+")[0]}
    (cache / "reference.json").write_text(json.dumps(versions))


if __name__ == "__main__":
    main()
