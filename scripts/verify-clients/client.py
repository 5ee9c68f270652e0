"""What a program does that uses the client that openapi-python-client made: URL FOLDER, the latter with `eyrie_client` and pictures.

Prints one line of JSON for each question: what was asked, and what the answer says.
"""

import base64
import json
import sys
from io import BytesIO
from pathlib import Path

url, folder, samples, model = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]
sys.path.insert(0, str(folder))

from eyrie_client import Client  # noqa: E402
from eyrie_client.api.models import models_info, models_list  # noqa: E402
from eyrie_client.api.predict import predict_predict, predict_predict_batch, predict_predict_by_model  # noqa: E402
from eyrie_client.models import (  # noqa: E402
    BatchJson,
    BatchResponse,
    ImageJson,
    PredictPredictBatchFilesBody,
    PredictPredictByModelFilesBody,
    PredictResponse,
    Problem,
    VersionDto,
)
from eyrie_client.types import File  # noqa: E402

client = Client(base_url=url)
ship = (samples / "ship.png").read_bytes()
cat = (samples / "cat.jpg").read_bytes()


def picture(content: bytes, name: str, media_type: str) -> File:
    return File(payload=BytesIO(content), file_name=name, mime_type=media_type)


def tell(what: str, **said: object) -> None:
    print(json.dumps({"what": what, **said}))


def best(answer: object) -> str:
    assert isinstance(answer, PredictResponse), answer
    return answer.predictions[0].label


form = PredictPredictByModelFilesBody(file=picture(ship, "ship.png", "image/png"), top_k=2)
answer = predict_predict_by_model.sync(model, client=client, body=form)
tell("a form", label=best(answer), count=len(answer.predictions))

body = ImageJson(image=base64.b64encode(cat).decode())
tell("base64", label=best(predict_predict.sync(client=client, body=body, model=model)))

raw = picture(ship, "ship.png", "image/png")
tell("the bytes", label=best(predict_predict.sync(client=client, body=raw, model=model)))

files = PredictPredictBatchFilesBody(
    files=[picture(ship, "ship.png", "image/png"), picture(cat, "cat.jpg", "image/jpeg")]
)
batch = predict_predict_batch.sync(client=client, body=files, model=model)
assert isinstance(batch, BatchResponse), batch
tell("a batch by form", labels=[item.predictions[0].label for item in batch.results])

items = [ImageJson(image=base64.b64encode(ship).decode()).to_dict(), {"image": "bm90IGEgcGljdHVyZQ=="}]
batch = predict_predict_batch.sync(client=client, body=BatchJson(items=items), model=model)
assert isinstance(batch, BatchResponse), batch
tell("a batch as JSON", label=batch.results[0].predictions[0].label, error=batch.results[1].error.code.value)

info = models_info.sync(client=client, model=model)
assert isinstance(info, VersionDto), info
tell("the model", model=info.model, version=info.version, state=info.state.value)
tell("the models", names=sorted(each.name for each in models_list.sync(client=client).models))

refused = predict_predict.sync_detailed(client=client, body=body, model="nobody")
assert isinstance(refused.parsed, Problem), refused
tell("no such model", status=refused.status_code.value, code=refused.parsed.code.value)
refused = predict_predict.sync_detailed(client=client, body=ImageJson(image="bm90IGEgcGljdHVyZQ=="), model=model)
assert isinstance(refused.parsed, Problem), refused
tell("no picture", status=refused.status_code.value, code=refused.parsed.code.value)
