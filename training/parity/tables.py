"""Models of tables as scikit-learn, XGBoost and LightGBM are exported, and what each library says of some rows itself.

    python -m parity.tables ../testing/tables && npx prettier --write ../testing/tables/expected.json
"""

import json
import sys
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
import xgboost
from onnxmltools import convert_lightgbm, convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType as FloatColumns
from skl2onnx import convert_sklearn, to_onnx
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

SEED = 0
ROWS = [0, 60, 120]


def iris():
    data = load_iris()
    return data.data.astype(np.float32), data.target, np.array(data.target_names)


def with_gaps(x):
    gaps = x.copy()
    gaps[::7, 1] = np.nan
    return gaps


def columns_model(x, y):
    """Numbers, a text and a whole number, each an input of its own; the numbers may be missing."""
    frame = pd.DataFrame(
        {
            "petal length": x[:, 2],
            "petal width": x[:, 3],
            "city": np.array(["oslo", "bergen", "tromsø"])[np.arange(len(x)) % 3],
            "kids": np.arange(len(x)) % 4,
        }
    )
    prepare = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), ["petal length", "petal width"]),
            ("texts", OneHotEncoder(handle_unknown="ignore"), ["city"]),
            ("rest", "passthrough", ["kids"]),
        ],
        sparse_threshold=0,
    )
    model = make_pipeline(prepare, LogisticRegression(max_iter=1000)).fit(frame, y)
    number = FloatTensorType([None, 1])
    types = [("petal length", number), ("petal width", number)]
    types += [("city", StringTensorType([None, 1])), ("kids", Int64TensorType([None, 1]))]
    asked = frame.iloc[ROWS].copy()
    asked.iloc[1, 0] = np.nan
    exported = convert_sklearn(model, initial_types=types, options={"zipmap": False})
    return exported, asked, model.predict_proba(asked)


def fixtures():
    x, y, names = iris()
    gaps = with_gaps(x)
    asked, asked_gaps = x[ROWS], gaps[[0, 60, 119]]
    diabetes = load_diabetes()
    d, target = diabetes.data.astype(np.float32), diabetes.target
    two = y < 2

    linear = LogisticRegression(max_iter=500).fit(x, y)
    types = [("float_input", FloatTensorType([None, 4]))]
    zipmap = linear.predict_proba(asked)
    yield "sklearn-zipmap", convert_sklearn(linear, initial_types=types), asked, zipmap
    old = to_onnx(linear, x[:1], target_opset={"": 9, "ai.onnx.ml": 1})
    yield "sklearn-opset-9", old, asked, zipmap
    double = to_onnx(linear, x[:1].astype(np.float64), options={"zipmap": False})
    yield "sklearn-double", double, asked, zipmap
    raw = to_onnx(linear, x[:1], options={"zipmap": False, "raw_scores": True})
    yield "sklearn-raw", raw, asked, zipmap
    yield "sklearn-zipmap-columns", to_onnx(linear, x[:1], options={"zipmap": "columns"}), asked, None

    trees = GradientBoostingClassifier(n_estimators=2, max_depth=2, random_state=SEED).fit(x, names[y])
    exported = to_onnx(trees, x[:1], options={"zipmap": False})
    yield "sklearn-strings", exported, asked, trees.predict_proba(asked)
    yield "sklearn-columns", *columns_model(x, names[y])

    boosted = GradientBoostingRegressor(n_estimators=3, max_depth=2, random_state=SEED).fit(d, target)
    yield "sklearn-regression", to_onnx(boosted, d[:1]), d[ROWS], boosted.predict(d[ROWS])
    two_targets = LinearRegression().fit(d, np.c_[target, target])
    yield "sklearn-two-targets", to_onnx(two_targets, d[:1]), d[ROWS], None

    small = {"n_estimators": 2, "max_depth": 2, "random_state": SEED}
    four, ten = [("input", FloatColumns([None, 4]))], [("float_input", FloatColumns([None, 10]))]
    model = xgboost.XGBClassifier(**small).fit(gaps, y)
    yield "xgboost", convert_xgboost(model, initial_types=four), asked_gaps, model.predict_proba(asked_gaps)
    model = xgboost.XGBClassifier(**small).fit(x[two], y[two])
    yield "xgboost-binary", convert_xgboost(model, initial_types=four), x[:3], model.predict_proba(x[:3])
    model = xgboost.XGBRegressor(**small).fit(d, target)
    yield "xgboost-regression", convert_xgboost(model, initial_types=ten), d[ROWS], model.predict(d[ROWS])

    small = {**small, "verbose": -1}
    model = lightgbm.LGBMClassifier(**small).fit(gaps, y)
    yield "lightgbm", convert_lightgbm(model, initial_types=four), asked_gaps, model.predict_proba(asked_gaps)
    model = lightgbm.LGBMClassifier(**small).fit(x[two], y[two])
    exported = convert_lightgbm(model, initial_types=four, zipmap=False)
    yield "lightgbm-binary", exported, x[:3], model.predict_proba(x[:3])
    model = lightgbm.LGBMRegressor(**small).fit(d, target)
    yield "lightgbm-regression", convert_lightgbm(model, initial_types=ten), d[ROWS], model.predict(d[ROWS])


def cells(row):
    """NaN is null in JSON."""
    plain = [value.item() if hasattr(value, "item") else value for value in row]
    return [None if isinstance(value, float) and np.isnan(value) else value for value in plain]


def main(folder):
    expected = {}
    for name, model, rows, answers in fixtures():
        (folder / f"{name}.onnx").write_bytes(model.SerializeToString())
        if answers is None:
            continue
        table = rows.itertuples(index=False) if isinstance(rows, pd.DataFrame) else rows
        expected[name] = {"rows": [cells(row) for row in table], "answers": np.asarray(answers).tolist()}
    (folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
