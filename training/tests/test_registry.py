import pytest

from registry import new_version, read_manifest
from tests.red_or_blue import write_version


def test_a_version_appears_whole(tmp_path):
    folder = tmp_path / "model" / "1"
    with new_version(folder, force=False) as partial:
        (partial / "model.json").write_text("{}")
        assert not folder.exists()
    assert [file.name for file in folder.iterdir()] == ["model.json"]


def test_a_failed_version_leaves_nothing_behind(tmp_path):
    with pytest.raises(SystemExit), new_version(tmp_path / "model" / "1", force=False):
        raise SystemExit("not accurate enough")
    assert list((tmp_path / "model").iterdir()) == []


def test_a_written_version_is_not_overwritten(tmp_path):
    folder = tmp_path / "model" / "1"
    folder.mkdir(parents=True)
    with pytest.raises(SystemExit, match="never changes"), new_version(folder, force=False):
        pass


def test_force_replaces_a_version_and_its_leftovers(tmp_path):
    folder = tmp_path / "model" / "1"
    folder.mkdir(parents=True)
    (folder / "old").write_text("")
    with new_version(folder, force=True) as partial:
        (partial / "new").write_text("")
    assert [entry.name for entry in (tmp_path / "model").iterdir()] == ["1"]
    assert [file.name for file in folder.iterdir()] == ["new"]


def test_a_replaced_onnx_file_is_noticed(tmp_path):
    folder = tmp_path / "model" / "1"
    write_version(folder)
    with (folder / "model.onnx").open("ab") as file:
        file.write(b"!")
    with pytest.raises(SystemExit, match="sha256"):
        read_manifest(folder)
