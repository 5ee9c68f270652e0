"""https://fastapi.tiangolo.com/tutorial/request-files/: a plain `def`, so that FastAPI runs it on its thread pool."""

from typing import Annotated

from classification import Classifier, best_classes, preprocess
from fastapi import FastAPI, File

app = FastAPI()
classifier = Classifier()


@app.get("/health")
def health() -> dict:
    return {"status": "ok"}


@app.post("/predict")
def predict(file: Annotated[bytes, File()]) -> dict:
    logits = classifier.run(preprocess(file)[None])
    return {"predictions": best_classes(logits[0])}
