"""Trains the bundled models of tables on data sets that scikit-learn carries, and writes each as a version.

    python tables.py --registry ../model-registry --samples ../samples

A quarter of the rows is held out and written to `samples/NAME.csv`, with what is right for each of them; the training does not see
it. How many trees there are and how deep they go is chosen by cross-validation within the other three quarters.
"""

import argparse
import csv
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import onnxruntime
import skl2onnx
import sklearn
from registry import MODEL, artifact, new_version, version_folder, write_manifest
from skl2onnx.common.data_types import FloatTensorType
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
from sklearn.metrics import accuracy_score, mean_absolute_error, r2_score, root_mean_squared_error
from sklearn.model_selection import GridSearchCV, train_test_split

SEED = 0
HELD_OUT = 0.25
FOLDS = 5
# As data comes in a CSV, and as a client would send it.
DIGITS = 6

DIABETES_NAMES = ["age", "sex", "bmi", "blood_pressure", "tc", "ldl", "hdl", "tch", "ltg", "glucose"]


@dataclass
class Table:
    name: str
    task: str
    description: str
    dataset: str
    names: list[str]
    x: np.ndarray
    y: np.ndarray
    target: str
    labels: list[str] | None = None


def breast_cancer() -> Table:
    data = load_breast_cancer()
    return Table(
        name="breast-cancer",
        task="tabular-classification",
        description="Gradient boosting on 30 measurements of cell nuclei: malignant or benign",
        dataset="Breast Cancer Wisconsin (Diagnostic), a quarter held out",
        names=[str(name) for name in data.feature_names],
        x=data.data,
        y=data.target,
        target="diagnosis",
        labels=[str(name) for name in data.target_names],
    )


def diabetes() -> Table:
    data = load_diabetes(scaled=False)
    return Table(
        name="diabetes",
        task="tabular-regression",
        description="Gradient boosting on ten measurements: how far the disease has gone a year later",
        dataset="Diabetes (Efron et al. 2004), a quarter held out",
        names=DIABETES_NAMES,
        x=data.data,
        y=data.target,
        target="progression",
    )


def rounded(x: np.ndarray) -> np.ndarray:
    """What the CSV says is what the model is trained on and asked: no row may lie on another side of a threshold."""
    return np.array([[float(f"{value:.{DIGITS}g}") for value in row] for row in x])


def train(table: Table, x: np.ndarray, y: np.ndarray):
    kind = GradientBoostingClassifier if table.labels else GradientBoostingRegressor
    grid = {
        "n_estimators": [50, 100, 200],
        "max_depth": [1, 2, 3],
        "learning_rate": [0.05, 0.1],
        "subsample": [0.5, 1.0],
    }
    search = GridSearchCV(kind(random_state=SEED), grid, cv=FOLDS, n_jobs=-1).fit(x.astype(np.float32), y)
    print(f"{table.name}: {search.best_params_}, {search.best_score_:.4f} in cross-validation")
    return search.best_estimator_, search.best_params_


def export(model, columns: int) -> bytes:
    options = {id(model): {"zipmap": False}} if hasattr(model, "predict_proba") else None
    types = [("input", FloatTensorType([None, columns]))]
    return skl2onnx.convert_sklearn(model, initial_types=types, options=options, target_opset=18).SerializeToString()


def measure(table: Table, file: Path, x: np.ndarray, y: np.ndarray) -> tuple[dict, np.ndarray]:
    """By ONNX Runtime, on what the server would be sent. @returns figures, and what it answered"""
    session = onnxruntime.InferenceSession(file.read_bytes(), providers=["CPUExecutionProvider"])
    output = "probabilities" if table.labels else "variable"
    (answers,) = session.run([output], {"input": x.astype(np.float32)})
    if table.labels:
        return {"top1": round(float(accuracy_score(y, answers.argmax(axis=1))), 4)}, answers
    values = answers[:, 0]
    figures = {
        "r2": r2_score(y, values),
        "mae": mean_absolute_error(y, values),
        "rmse": root_mean_squared_error(y, values),
    }
    return {name: round(float(figure), 4) for name, figure in figures.items()}, answers


def compare(table: Table, model, x: np.ndarray, answers: np.ndarray) -> None:
    own = model.predict_proba(x) if table.labels else model.predict(x)[:, None]
    difference = float(np.abs(own - answers).max())
    print(f"{table.name}: at most {difference:.2g} from scikit-learn's own answers")
    if difference > (1e-4 if table.labels else 1e-2):
        sys.exit(f"{table.name}: the exported graph answers otherwise than scikit-learn")


def write_samples(table: Table, folder: Path, x: np.ndarray, y: np.ndarray) -> None:
    with (folder / f"{table.name}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*table.names, table.target])
        for row, right in zip(x, y, strict=True):
            said = table.labels[right] if table.labels else f"{right:g}"
            writer.writerow([*(f"{value:g}" for value in row), said])


def manifest_of(table: Table, file: Path, figures: dict, rows: int, chosen: dict) -> dict:
    output = {"name": "probabilities", "activation": "none"} if table.labels else {"name": "variable"}
    return {
        "schema": 1,
        "name": table.name,
        "version": 1,
        "description": table.description,
        "license": "Apache-2.0",
        "task": table.task,
        "artifact": artifact(file),
        "features": [{"name": name, "type": "number"} for name in table.names],
        "target": table.target,
        "output": output,
        **({"labels": table.labels} if table.labels else {}),
        "evaluation": {
            "dataset": table.dataset,
            "rows": rows,
            **figures,
            "command": f"npm run eyrie -- evaluate {table.name} --csv samples/{table.name}.csv",
        },
        "provenance": {
            "source": f"training/tables.py; scikit-learn {sklearn.__version__}, skl2onnx {skl2onnx.__version__}",
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "chosen": chosen,
            "seed": SEED,
        },
        "runtime": {"workers": 1, "threads": 1, "maxBatch": 1024, "maxQueue": 20000},
    }


def make(table: Table, registry: Path, samples: Path, force: bool) -> None:
    x = rounded(table.x)
    stratify = table.y if table.labels else None
    known, held_out, right, held_out_right = train_test_split(
        x, table.y, test_size=HELD_OUT, random_state=SEED, stratify=stratify
    )
    model, chosen = train(table, known, right)
    with new_version(version_folder(registry, table.name, 1), force) as folder:
        file = folder / MODEL
        file.write_bytes(export(model, len(table.names)))
        figures, answers = measure(table, file, held_out, held_out_right)
        compare(table, model, held_out, answers)
        print(f"{table.name}: {figures} on {len(held_out)} rows that it has not seen; {file.stat().st_size} bytes")
        write_manifest(folder, manifest_of(table, file, figures, len(held_out), chosen))
    write_samples(table, samples, held_out, held_out_right)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--registry", type=Path, required=True)
    parser.add_argument("--samples", type=Path, required=True)
    parser.add_argument("--force", action="store_true", help="replace versions that are there")
    asked = parser.parse_args()
    for table in (breast_cancer(), diabetes()):
        make(table, asked.registry, asked.samples, asked.force)


if __name__ == "__main__":
    main()
