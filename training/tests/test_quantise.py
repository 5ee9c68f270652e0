import json
import sys

import onnx
import pytest

import quantise
from int8 import calibration_files
from tests.red_or_blue import write_images, write_version


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs quantise.py from version 1 to version 2 with further options."""

    def run(*options: str) -> None:
        images = str(tmp_path / "images")
        versions = ["--registry", str(tmp_path), "--name", "colours", "--from", "1", "--to", "2"]
        data = ["--calibration", images, "--images", "8", "--evaluate", images, "--dataset", "colours"]
        monkeypatch.setattr(sys, "argv", ["quantise.py", *versions, *data, *options])
        quantise.main()

    write_images(tmp_path / "images")
    return run


@pytest.mark.parametrize("batch", ["batch", 1, 3])
@pytest.mark.parametrize("method", ["minmax", "entropy", "percentile"])
def test_a_quantised_version_is_written_with_its_provenance(tmp_path, run, batch, method):
    original = write_version(tmp_path / "colours" / "1", batch=batch)
    run("--method", method)
    manifest = json.loads((tmp_path / "colours" / "2" / "model.json").read_text())
    graph = onnx.load(tmp_path / "colours" / "2" / "model.onnx").graph
    assert any(tensor.data_type == onnx.TensorProto.INT8 for tensor in graph.initializer)
    assert manifest["version"] == 2
    assert manifest["input"] == original["input"]
    assert manifest["evaluation"]["top1"] == 1.0
    assert manifest["provenance"]["original"]["sha256"] == original["artifact"]["sha256"]
    assert (tmp_path / "colours" / "2" / "labels.txt").read_text() == "red\nblue\n"


def test_a_loss_above_the_limit_is_refused_with_the_number(tmp_path, run):
    write_version(tmp_path / "colours" / "1")
    with pytest.raises(SystemExit, match="0.00 points"):
        run("--max-drop", "-1")
    assert not (tmp_path / "colours" / "2").exists()


def test_a_model_without_weights_is_refused(tmp_path, run):
    write_version(tmp_path / "colours" / "1", weights=False)
    with pytest.raises(SystemExit, match="nothing to quantise"):
        run()


def test_a_quantised_version_is_not_quantised_again(tmp_path, run):
    write_version(tmp_path / "colours" / "1")
    run()
    with pytest.raises(SystemExit, match="nothing to quantise"):
        run("--from", "2", "--to", "3")


def test_no_calibration_images_are_refused(tmp_path):
    with pytest.raises(SystemExit, match="no calibration images"):
        calibration_files(tmp_path, 10, seed=1)


def test_the_choice_of_calibration_images_depends_on_the_seed_alone(tmp_path):
    images = write_images(tmp_path / "images")
    assert calibration_files(images, 5, seed=1) == calibration_files(images, 5, seed=1)
    assert calibration_files(images, 5, seed=1) != calibration_files(images, 5, seed=2)
