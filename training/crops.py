"""Cuts each of a few photos into many images: to calibrate with, where there are not a thousand of them.

    python crops.py --photos DIR --out CROPS --each 16

A crop covers a quarter to all of the photo's area at 3:4 to 4:3, every other one mirrored; so are the images that ImageNet
networks are trained on (Szegedy et al. 2015, arXiv:1409.4842, section 6, with larger crops).
"""

import argparse
import math
import random
from pathlib import Path

from PIL import Image, ImageOps

from preprocess import image_files

SIDE = 256
"""Pixels of a crop's shorter side; smaller ones are left as they are."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True, help="images, in folders or not")
    parser.add_argument("--out", type=Path, required=True, help="a folder that is not there yet")
    parser.add_argument("--each", type=int, default=16, help="crops of each photo (default 16)")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def random_box(size: tuple[int, int], draw: random.Random) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) inside an image of `size`, in pixels."""
    width, height = size
    area = width * height * draw.uniform(0.25, 1)
    ratio = math.exp(draw.uniform(math.log(3 / 4), math.log(4 / 3)))
    w = min(width, max(1, round(math.sqrt(area * ratio))))
    h = min(height, max(1, round(math.sqrt(area / ratio))))
    left, top = draw.randint(0, width - w), draw.randint(0, height - h)
    return left, top, left + w, top + h


def write_crops(photos: Path, out: Path, each: int, seed: int) -> int:
    """Writes `out/NUMBER-PHOTO-INDEX.png`, and says how many."""
    files = image_files(photos)
    out.mkdir(parents=True)
    draw = random.Random(seed)
    for number, file in enumerate(files):
        with Image.open(file) as opened:
            photo = ImageOps.exif_transpose(opened).convert("RGB")
        for index in range(each):
            crop = photo.crop(random_box(photo.size, draw))
            factor = SIDE / min(crop.size)
            if factor < 1:
                crop = crop.resize([round(side * factor) for side in crop.size], Image.Resampling.BICUBIC)
            if index % 2:
                crop = ImageOps.mirror(crop)
            crop.save(out / f"{number}-{file.stem}-{index}.png")
    return len(files) * each


def main() -> None:
    args = arguments()
    print(f"{write_crops(args.photos, args.out, args.each, args.seed)} crops in {args.out}")


if __name__ == "__main__":
    main()
