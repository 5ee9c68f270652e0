import numpy as np
import pytest
from PIL import Image

from preprocess import fit, load, shorter_side, to_tensor

IDENTITY = {
    "layout": "NCHW", "dtype": "float32", "width": 4, "height": 2, "channels": "RGB",
    "resize": {"mode": "exact", "kernel": "bilinear"}, "crop": "none",
    "scale": 1, "mean": [0, 0, 0], "std": [1, 1, 1],
}  # fmt: skip


def picture(width: int, height: int) -> Image.Image:
    pixels = np.random.default_rng(width * 1000 + height).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


@pytest.mark.parametrize(
    ("size", "target", "expected"),
    [
        ((640, 425), 256, (385, 256)),  # 385.5: the longer side is truncated
        ((425, 640), 256, (256, 385)),
        ((32, 32), 32, (32, 32)),
        ((100, 10), 20, (200, 20)),
    ],
)
def test_the_shorter_side_meets_the_target(size, target, expected):
    assert shorter_side(size, target) == expected


@pytest.mark.parametrize("mode", ["exact", "pad", "shorter-side"])
@pytest.mark.parametrize("size", [(9, 5), (5, 9), (4, 2), (1, 1), (3, 50)])
def test_every_mode_gives_the_input_size(mode, size):
    spec = IDENTITY | {"resize": {"mode": mode, "size": 4, "kernel": "bicubic"}, "crop": "center"}
    assert fit(picture(*size), spec).size == (4, 2)


def test_the_crop_is_taken_from_the_middle():
    image = picture(8, 6)
    spec = IDENTITY | {"resize": {"mode": "shorter-side", "size": 6, "kernel": "bilinear"}, "crop": "center"}
    assert np.array_equal(fit(image, spec), np.asarray(image)[2:4, 2:6])


def test_an_image_smaller_than_the_crop_lies_on_black():
    image = picture(2, 2)
    spec = IDENTITY | {"resize": {"mode": "shorter-side", "size": 2, "kernel": "bilinear"}, "crop": "center"}
    expected = np.zeros((2, 4, 3), np.uint8)
    expected[:, 1:3] = image
    assert np.array_equal(fit(image, spec), expected)


def test_padding_is_black_and_keeps_the_shape():
    fitted = np.asarray(
        fit(Image.new("RGB", (4, 4), "white"), IDENTITY | {"resize": {"mode": "pad", "kernel": "nearest"}})
    )
    assert (fitted[:, [0, 3]] == 0).all()
    assert (fitted[:, [1, 2]] == 255).all()


def test_a_shape_that_nothing_crops_is_refused():
    spec = IDENTITY | {"resize": {"mode": "shorter-side", "size": 2, "kernel": "bilinear"}}
    with pytest.raises(SystemExit, match="crops nothing"):
        fit(picture(2, 3), spec)


def test_pixels_are_scaled_and_normalised_per_channel():
    image = picture(4, 2)
    spec = IDENTITY | {"scale": 1 / 255, "mean": [0.1, 0.2, 0.3], "std": [0.5, 0.25, 0.125]}
    x = to_tensor(image, spec)
    assert (x.shape, x.dtype) == ((3, 2, 4), np.float32)
    assert x[2, 1, 3] == pytest.approx((np.asarray(image)[1, 3, 2] / 255 - 0.3) / 0.125, abs=1e-6)


def test_bgr_reverses_the_channels_before_mean_and_std():
    image = picture(4, 2)
    x = to_tensor(image, IDENTITY | {"channels": "BGR", "mean": [1, 2, 3]})
    assert np.array_equal(x[0], np.asarray(image)[:, :, 2].astype(np.float32) - 1)


def test_nhwc_keeps_the_channels_last():
    image = picture(4, 2)
    assert np.array_equal(to_tensor(image, IDENTITY | {"layout": "NHWC", "dtype": "uint8"}), np.asarray(image))


def test_alpha_is_dropped_not_blended(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (2, 4, 4), dtype=np.uint8)
    Image.fromarray(pixels, "RGBA").save(tmp_path / "a.png")
    x = load(tmp_path / "a.png", IDENTITY | {"layout": "NHWC", "dtype": "uint8"})
    assert np.array_equal(x, pixels[:, :, :3])


def test_the_exif_orientation_is_obeyed(tmp_path):
    image = picture(2, 4)
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned a quarter: rotate 90 degrees clockwise
    image.save(tmp_path / "a.png", exif=exif)
    x = load(tmp_path / "a.png", IDENTITY | {"layout": "NHWC", "dtype": "uint8"})
    assert np.array_equal(x, np.rot90(image, -1))
