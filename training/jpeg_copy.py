"""Makes the JPEG copy of CIFAR-10 that the bundled models are trained on: `OUT/{train,test}/CLASS/0000.jpg` and so on.

    python jpeg_copy.py --archive cifar-10-binary.tar.gz --out DIR

The archive is the "CIFAR-10 binary version" of https://www.cs.toronto.edu/~kriz/cifar.html.
"""

import argparse
import tarfile
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image

SIDE = 32
RECORD_BYTES = 1 + 3 * SIDE * SIDE
SPLITS = {"train": [f"data_batch_{number}.bin" for number in range(1, 6)], "test": ["test_batch.bin"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--archive", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    with tarfile.open(args.archive) as archive:
        files = {Path(member.name).name: archive.extractfile(member).read() for member in archive if member.isfile()}
    names = files["batches.meta.txt"].decode().split()
    for split, batches in SPLITS.items():
        write_split(args.out / split, b"".join(files[batch] for batch in batches), names)


def write_split(folder: Path, content: bytes, names: list[str]) -> None:
    """`content` is a row of records: one byte of class id, then 3 x 32 x 32 bytes, red, green, blue."""
    for name in names:
        (folder / name).mkdir(parents=True)
    written: Counter[int] = Counter()
    for record in np.frombuffer(content, np.uint8).reshape(-1, RECORD_BYTES):
        class_id = int(record[0])
        pixels = record[1:].reshape(3, SIDE, SIDE).transpose(1, 2, 0)
        file = folder / names[class_id] / f"{written[class_id]:04}.jpg"
        Image.fromarray(np.ascontiguousarray(pixels)).save(file, quality=75, subsampling="4:2:0")
        written[class_id] += 1


if __name__ == "__main__":
    main()
