"""KServe's REST client: python kserve_rest.py HOST:PORT ADMIN_KEY JSON"""

import asyncio

import numpy
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig

from checks import MODEL, PICTURES, URL, checks_of

check = checks_of("kserve")
BASE = f"http://{URL}"


async def main():
    client = InferenceRESTClient(RESTConfig(protocol="v2"))
    check("health", await client.is_server_live(BASE) and await client.is_server_ready(BASE))
    check("model readiness", await client.is_model_ready(BASE, MODEL))

    async def infer(values, datatype, **how):
        tensor = InferInput("input", list(values.shape), datatype)
        tensor.set_data_from_numpy(values, **how)
        return (await client.infer(BASE, InferRequest(MODEL, [tensor]), model_name=MODEL)).outputs[0].as_numpy()

    pixels = numpy.random.default_rng(1).random((3, 3, 32, 32), dtype=numpy.float32)
    scores = await infer(pixels, "FP32", binary_data=False)
    check("pixels as JSON", scores.shape == (3, 10))
    check("pixels as bytes", numpy.array_equal(await infer(pixels, "FP32", binary_data=True), scores))
    contents = numpy.array([open(name, "rb").read() for name in PICTURES["files"]], dtype=object)
    scores = await infer(contents, "BYTES", binary_data=True)
    check("files", list(scores.argmax(axis=1)) == PICTURES["classes"])


asyncio.run(main())
