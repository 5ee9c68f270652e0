import io
import sys
import tarfile

import numpy as np
from PIL import Image, JpegImagePlugin

import jpeg_copy

NAMES = ["airplane", "automobile", "bird"]


def add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def record(class_id: int, colour: tuple[int, int, int]) -> bytes:
    return bytes([class_id]) + np.repeat(np.uint8(colour), 32 * 32).tobytes()


def test_each_record_becomes_a_jpeg_in_the_folder_of_its_class(tmp_path, monkeypatch):
    with tarfile.open(tmp_path / "cifar.tar.gz", "w:gz") as archive:
        add(archive, "batches.meta.txt", ("\n".join(NAMES) + "\n\n").encode())
        add(archive, "test_batch.bin", record(2, (200, 30, 60)))
        for number in range(1, 6):
            add(archive, f"data_batch_{number}.bin", record(0, (40 * number, 0, 0)) + record(1, (0, 0, 40 * number)))
    monkeypatch.setattr(sys, "argv", ["", "--archive", str(tmp_path / "cifar.tar.gz"), "--out", str(tmp_path / "out")])
    jpeg_copy.main()
    written = sorted(str(file.relative_to(tmp_path / "out")) for file in (tmp_path / "out").rglob("*.jpg"))
    assert written == [
        "test/bird/0000.jpg",
        *(f"train/airplane/000{index}.jpg" for index in range(5)),
        *(f"train/automobile/000{index}.jpg" for index in range(5)),
    ]
    with Image.open(tmp_path / "out" / "train" / "automobile" / "0004.jpg") as image:
        assert JpegImagePlugin.get_sampling(image) == 2
        assert np.abs(np.asarray(image).astype(int) - (0, 0, 200)).max() <= 3
