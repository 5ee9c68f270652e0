"""https://docs.pytorch.org/serve/getting_started.html: archives the model for the handler `image_classifier` and serves it.

TorchServe is no longer developed. It needs Java 11 or newer.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from torchvision_weights import load_model

PORT, CPUS = int(os.environ["PORT"]), os.environ["CPUS"]
NAME = Path(os.environ["MODEL_FOLDER"]).parent.name
BLOCKS = {"resnet18": "BasicBlock, [2, 2, 2, 2]", "resnet50": "Bottleneck, [3, 4, 6, 3]"}

with tempfile.TemporaryDirectory() as folder:
    weights, network, config = (Path(folder, name) for name in ("weights.pth", "network.py", "config.properties"))
    torch.save(load_model().state_dict(), weights)
    network.write_text(
        "from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet\n\n\n"
        "class ImageClassifier(ResNet):\n"
        "    def __init__(self):\n"
        f"        super().__init__({BLOCKS[NAME]})\n"
    )
    config.write_text(
        f"inference_address=http://127.0.0.1:{PORT}\n"
        f"management_address=http://127.0.0.1:{os.environ['PORT2']}\n"
        f"metrics_address=http://127.0.0.1:{os.environ['PORT3']}\n"
        f"grpc_inference_port={os.environ['PORT4']}\n"
        f"grpc_management_port={os.environ['PORT5']}\n"
        f"default_workers_per_model={CPUS}\n"
        "disable_token_authorization=true\n"
    )
    archive = ["torch-model-archiver", "--model-name", "classifier", "--version", "1.0", "--handler", "image_classifier"]
    archive += ["--model-file", network, "--serialized-file", weights, "--export-path", folder]
    subprocess.run(archive, check=True)
    serve = ["torchserve", "--foreground", "--ncs", "--ts-config", config, "--model-store", folder]
    serve += ["--models", "classifier=classifier.mar", "--disable-token-auth"]
    sys.exit(subprocess.run(serve).returncode)
