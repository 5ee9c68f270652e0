"""The usual tutorial stack: torchvision's model and transforms in eager mode behind FastAPI.

https://docs.pytorch.org/tutorials/intermediate/flask_rest_api_tutorial.html with FastAPI in Flask's place.
"""

import io
import os
from typing import Annotated

import torch
from fastapi import FastAPI, File
from PIL import Image
from torchvision import transforms
from torchvision_weights import LABELS, load_model

if threads := int(os.environ.get("MODEL_THREADS", "0")):
    torch.set_num_threads(threads)

app = FastAPI()
model = load_model()
to_tensor = transforms.Compose(
    [
        transforms.Resize(256),
        transforms.CenterCrop(224),
        transforms.ToTensor(),
        transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    ]
)


@app.get("/health")
def health() -> dict:
    return {"status": "ok"}


@app.post("/predict")
def predict(file: Annotated[bytes, File()]) -> dict:
    image = Image.open(io.BytesIO(file)).convert("RGB")
    with torch.inference_mode():
        probabilities = model(to_tensor(image).unsqueeze(0)).softmax(1)[0]
    confidences, classes = probabilities.topk(5)
    return {
        "predictions": [
            {"class_id": class_id, "label": LABELS[class_id], "confidence": confidence}
            for class_id, confidence in zip(classes.tolist(), confidences.tolist(), strict=True)
        ]
    }
