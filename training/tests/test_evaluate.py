import shutil

import numpy as np
import pytest

from classifier import Classifier
from evaluate import Evaluation, evaluate
from tests.red_or_blue import write_images, write_version


@pytest.mark.parametrize("batch", ["batch", 1, 5])
def test_every_image_counts_once_whatever_the_batch(tmp_path, batch):
    manifest = write_version(tmp_path / "colours" / "1", batch=batch)
    images = write_images(tmp_path / "images", per_label=6)
    shutil.copy(images / "red" / "0.png", images / "blue" / "wrong.png")
    result = evaluate(Classifier.open(tmp_path / "colours" / "1", manifest), images)
    assert result.confusion.tolist() == [[6, 0], [1, 6]]


def test_a_folder_that_is_no_label_is_refused(tmp_path):
    manifest = write_version(tmp_path / "colours" / "1")
    (write_images(tmp_path / "images") / "green").mkdir()
    with pytest.raises(SystemExit, match="no label 'green'"):
        evaluate(Classifier.open(tmp_path / "colours" / "1", manifest), tmp_path / "images")


def test_figures_follow_from_the_confusion_matrix():
    result = Evaluation(["cat", "dog", "ship"], np.array([[7, 3, 0], [1, 8, 1], [0, 0, 0]]))
    assert (result.images, result.top1) == (20, 0.75)
    assert result.recall(1) == 0.8
    assert np.isnan(result.recall(2))
    assert result.worst_confusions(5) == [("cat", "dog", 3), ("dog", "cat", 1), ("dog", "ship", 1)]
