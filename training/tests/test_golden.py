from pathlib import Path

import pytest

import golden
from classifier import Classifier
from tests.red_or_blue import write_images, write_version


def test_a_golden_image_is_given_as_file_label_and_confidence():
    assert golden.parse("a:b/ship.png:ship:0.5") == (Path("a:b/ship.png"), "ship", 0.5)


@pytest.mark.parametrize(
    "text", ["", "ship.png", "ship.png:ship", "ship.png:ship:high", "ship.png:ship:1.1", ":ship:0.5"]
)
def test_anything_else_is_refused(text):
    with pytest.raises(ValueError):
        golden.parse(text)


def test_golden_images_are_copied_and_pass(tmp_path):
    folder = tmp_path / "colours" / "1"
    classifier = Classifier.open(folder, write_version(folder))
    red = write_images(tmp_path / "images") / "red" / "0.png"
    entries = golden.add(folder, [golden.Golden(red, "red", 0.9)], classifier.labels)
    assert entries == [{"image": "golden/0.png", "label": "red", "minConfidence": 0.9}]
    assert (folder / "golden" / "0.png").read_bytes() == red.read_bytes()
    golden.check(classifier, folder, entries)


@pytest.mark.parametrize(("label", "confidence"), [("blue", 0.5), ("red", 1.0)])
def test_a_model_that_does_not_recognise_a_golden_image_is_stopped(tmp_path, label, confidence):
    folder = tmp_path / "colours" / "1"
    classifier = Classifier.open(folder, write_version(folder))
    red = write_images(tmp_path / "images") / "red" / "0.png"
    entries = golden.add(folder, [golden.Golden(red, label, confidence)], classifier.labels)
    with pytest.raises(SystemExit, match="got red"):
        golden.check(classifier, folder, entries)


@pytest.mark.parametrize("name", ["my ship.png", ".ship.png", "ship..png"])
def test_a_name_that_the_server_refuses_is_refused_here(tmp_path, name):
    with pytest.raises(SystemExit, match="rename"):
        golden.add(tmp_path, [golden.Golden(tmp_path / name, "ship", 0.5)], ["ship"])
