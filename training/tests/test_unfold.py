import pytest

torch = pytest.importorskip("torch")

from test_export import trained

from export import fold_batch_norm
from onnx_file import write_onnx
from resnet import from_state
from unfold import folded_parameters, put_norms_back, with_identity_norms


@torch.no_grad()
def test_batch_norms_come_back_and_the_network_computes_what_it_did(tmp_path):
    torch.manual_seed(0)
    reference = trained(8, 1, 10)
    folded = from_state(reference.state_dict())
    fold_batch_norm(folded)
    write_onnx(folded, tmp_path / "model.onnx", side=32)

    model = with_identity_norms(folded_parameters(tmp_path / "model.onnx"))
    images = torch.randn(256, 3, 32, 32)
    expected = reference(images)
    put_norms_back(model, [images])

    assert (model(images) - expected).abs().max() < 1e-3
    # With a batch's own statistics, as in training: these images are those that the statistics are of.
    assert (model.train()(images) - expected).abs().max() < 1e-2
    # What comes out of the training can be exported again.
    assert model.state_dict().keys() == reference.state_dict().keys()
