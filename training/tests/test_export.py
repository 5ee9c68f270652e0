import pytest

torch = pytest.importorskip("torch")

from export import fold_batch_norm
from onnx_file import difference, write_onnx
from resnet import CifarResNet, from_state


def trained(width: int, blocks: int, classes: int) -> CifarResNet:
    """A network whose batch norms do something, unlike those of a fresh one."""
    torch.manual_seed(width)
    model = CifarResNet(width, blocks, classes).eval()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(module.running_mean, 0, 0.3)
            torch.nn.init.uniform_(module.running_var, 0.5, 2)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, 0, 0.3)
    return model


@pytest.mark.parametrize(("width", "blocks", "classes"), [(8, 1, 10), (4, 2, 3)])
def test_the_exported_graph_computes_what_the_trained_network_does(tmp_path, width, blocks, classes):
    reference = trained(width, blocks, classes)
    folded = from_state(reference.state_dict())
    fold_batch_norm(folded)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in folded.modules())
    write_onnx(folded, tmp_path / "model.onnx", side=32)
    assert difference(reference, tmp_path / "model.onnx", side=32) < 1e-4
    assert [file.name for file in tmp_path.iterdir()] == ["model.onnx"]
