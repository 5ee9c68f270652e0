"""Makes the test images: every kind of file that Eyrie takes, in many shapes, each seeded by its own name.

    python3 training/parity/images.py .cache/parity [--photos FOLDER]
"""

import argparse
import io
import json
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import png
from PIL import Image
from scenes import alpha, scene

Rng = np.random.Generator
# Gives the bytes of one file with a picture of the given width and height.
Encoder = Callable[[Rng, int, int], bytes]

ORIENTATION = 0x0112


def save(image: Image.Image, file_format: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, file_format, **options)
    return out.getvalue()


def plain(file_format: str, mode: str = "RGB", **options: object) -> Encoder:
    return lambda rng, w, h: save(scene(rng, w, h).convert(mode), file_format, **options)


def with_alpha(file_format: str, mode: str = "RGBA", **options: object) -> Encoder:
    def encode(rng: Rng, width: int, height: int) -> bytes:
        image = scene(rng, width, height).convert(mode[:-1])
        image.putalpha(alpha(rng, width, height))
        return save(image, file_format, **options)

    return encode


def palette(file_format: str, transparent: bool, colours: int = 64) -> Encoder:
    def encode(rng: Rng, width: int, height: int) -> bytes:
        image = scene(rng, width, height).quantize(colours, dither=Image.Dither.NONE)
        if not transparent:
            return save(image, file_format)
        # The colour in the middle, so that much of the picture is transparent.
        return save(image, file_format, transparency=image.getpixel((width // 2, height // 2)))

    return encode


def animation(file_format: str, **options: object) -> Encoder:
    def encode(rng: Rng, width: int, height: int) -> bytes:
        first, *others = (scene(rng, width, height) for _ in range(3))
        return save(first, file_format, save_all=True, append_images=others, duration=80, **options)

    return encode


def gif_on_larger_canvas(rng: Rng, width: int, height: int) -> bytes:
    """A first frame that does not cover the canvas."""
    small = (max(1, width * 3 // 4), max(1, height * 3 // 4))
    gif = bytearray(palette("GIF", transparent=bool(rng.integers(2)))(rng, *small))
    gif[6:10] = width.to_bytes(2, "little") + height.to_bytes(2, "little")
    return bytes(gif)


def deep_png(colour_type: int) -> Encoder:
    def encode(rng: Rng, width: int, height: int) -> bytes:
        colour = np.asarray(scene(rng, width, height)).astype(np.uint16)
        grey = np.asarray(scene(rng, width, height).convert("L")).astype(np.uint16)[..., None]
        samples = np.concatenate([colour if colour_type in (png.RGB, png.RGBA) else grey, grey], axis=-1)
        samples = samples[..., : png.CHANNELS[colour_type]]
        return png.encode(samples * 256 + rng.integers(0, 256, samples.shape, dtype=np.uint16), colour_type, 16)

    return encode


def few_greys(bits: int) -> Encoder:
    def encode(rng: Rng, width: int, height: int) -> bytes:
        grey = np.asarray(scene(rng, width, height).convert("L"))[..., None]
        return png.encode(grey >> (8 - bits), png.GREY, bits)

    return encode


def oriented(file_format: str, orientation: int) -> Encoder:
    def encode(rng: Rng, width: int, height: int) -> bytes:
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        return save(scene(rng, width, height), file_format, exif=exif.tobytes())

    return encode


SHAPES = [(500, 375), (375, 500), (640, 425), (281, 283), (801, 333), (160, 120), (97, 411), (256, 256)]
SMALL = [(32, 32), (33, 31), (48, 20), (17, 64), (5, 7), (2, 3), (1, 1), (100, 100)]

# Kind, file ending, encoder, sizes.
KINDS: list[tuple[str, str, Encoder, list[tuple[int, int]]]] = [
    ("JPEG 4:2:0", "jpg", plain("JPEG", quality=85, subsampling=2), SHAPES),
    ("JPEG 4:2:2", "jpg", plain("JPEG", quality=85, subsampling=1), SHAPES[:4]),
    ("JPEG 4:4:4", "jpg", plain("JPEG", quality=92, subsampling=0), SHAPES),
    ("JPEG progressive", "jpg", plain("JPEG", quality=80, progressive=True), SHAPES),
    ("JPEG low quality", "jpg", plain("JPEG", quality=20), SHAPES[:4]),
    ("JPEG grey", "jpg", plain("JPEG", "L", quality=85), SHAPES),
    ("JPEG CMYK", "jpg", plain("JPEG", "CMYK", quality=90), SHAPES),
    ("JPEG small", "jpg", plain("JPEG", quality=90), SMALL),
    ("JPEG, 1 to 3 megapixels", "jpg", plain("JPEG", quality=85), [(1280, 853), (1400, 1100), (2048, 1536)]),
    ("JPEG, 1 to 3 megapixels", "jpg", plain("JPEG", "L", quality=85, progressive=True), [(1201, 1603)]),
    ("JPEG, 1 to 3 megapixels", "jpg", oriented("JPEG", 6), [(1500, 1103)]),
    ("JPEG, 12 megapixels and more", "jpg", plain("JPEG", quality=85), [(4032, 3024), (3024, 4032), (5000, 3000)]),
    ("PNG RGB", "png", plain("PNG"), SHAPES),
    ("PNG RGBA", "png", with_alpha("PNG"), SHAPES),
    ("PNG grey", "png", plain("PNG", "L"), SHAPES),
    ("PNG grey with alpha", "png", with_alpha("PNG", "LA"), SHAPES[:4]),
    ("PNG palette", "png", palette("PNG", transparent=False), SHAPES),
    ("PNG palette, transparent", "png", palette("PNG", transparent=True), SHAPES),
    ("PNG 1 bit", "png", plain("PNG", "1"), SHAPES[:4]),
    ("PNG grey, 2 and 4 bits", "png", few_greys(2), SHAPES[:2]),
    ("PNG grey, 2 and 4 bits", "png", few_greys(4), SHAPES[2:4]),
    ("PNG 16-bit RGB", "png", deep_png(png.RGB), SHAPES[:6]),
    ("PNG 16-bit RGBA", "png", deep_png(png.RGBA), SHAPES[:4]),
    ("PNG 16-bit grey with alpha", "png", deep_png(png.GREY_ALPHA), SHAPES[:4]),
    ("PNG 16-bit grey", "png", deep_png(png.GREY), SHAPES[:4]),
    ("PNG small", "png", plain("PNG"), SMALL),
    ("PNG 1 x N and N x 1", "png", plain("PNG"), [(1, 300), (300, 1), (1, 2000), (2000, 1), (3, 1500), (1500, 2)]),
    ("PNG, 1.5 to 12 megapixels", "png", plain("PNG"), [(1400, 1100), (4000, 3000)]),
    ("WebP lossy", "webp", plain("WEBP", quality=80), SHAPES),
    ("WebP lossless", "webp", plain("WEBP", lossless=True), SHAPES),
    ("WebP alpha", "webp", with_alpha("WEBP", quality=85), SHAPES[:6]),
    ("WebP lossless alpha", "webp", with_alpha("WEBP", lossless=True), SHAPES[:4]),
    ("WebP animated", "webp", animation("WEBP", lossless=True), SHAPES[:4]),
    ("WebP, 1.5 to 3 megapixels", "webp", plain("WEBP", quality=80), [(1400, 1100), (2000, 1500)]),
    ("GIF", "gif", palette("GIF", transparent=False, colours=256), SHAPES),
    ("GIF transparent", "gif", palette("GIF", transparent=True), SHAPES),
    ("GIF animated", "gif", animation("GIF"), SHAPES[:4]),
    ("GIF, frame smaller than canvas", "gif", gif_on_larger_canvas, SHAPES[:4]),
    *(("JPEG with EXIF orientation", "jpg", oriented("JPEG", n), [(500, 375), (120, 200)]) for n in range(1, 9)),
    *(("PNG with EXIF orientation", "png", oriented("PNG", n), [(200, 150)]) for n in (3, 5, 6, 8)),
    *(("WebP with EXIF orientation", "webp", oriented("WEBP", n), [(200, 150)]) for n in (3, 5, 6, 8)),
]


def make(folder: Path, photos: Path | None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    index = []
    for kind, ending, encode, sizes in KINDS:
        for width, height in sizes:
            file = f"{len(index):03d}.{ending}"
            rng = np.random.default_rng(zlib.crc32(f"{kind} {width}x{height} {len(index)}".encode()))
            (folder / file).write_bytes(encode(rng, width, height))
            index.append({"file": file, "kind": kind})
    for source in pick(photos, 200) if photos else []:
        file = f"{len(index):03d}{source.suffix}"
        shutil.copyfile(source, folder / file)
        index.append({"file": file, "kind": "photographs"})
    (folder / "index.json").write_text(json.dumps(index, indent=1))
    print(f"{len(index)} images in {folder}")


def pick(photos: Path, count: int) -> list[Path]:
    """Evenly spread over all that lie there."""
    endings = {".jpg", ".jpeg", ".png", ".webp", ".gif"}
    files = sorted(file for file in photos.rglob("*") if file.suffix.lower() in endings)
    return files[:: max(1, len(files) // count)][:count]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cache", type=Path)
    parser.add_argument("--photos", type=Path, help="a folder of real images, of which up to 200 are added")
    arguments = parser.parse_args()
    make(arguments.cache / "images", arguments.photos)
