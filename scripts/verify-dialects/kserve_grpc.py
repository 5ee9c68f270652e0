"""KServe's gRPC client: python kserve_grpc.py HOST:PORT ADMIN_KEY JSON"""

import asyncio

import numpy
from kserve import InferenceGRPCClient, InferInput, InferRequest

from checks import MODEL, PICTURES, URL, checks_of

check = checks_of("kserve over gRPC")


async def main():
    client = InferenceGRPCClient(URL)
    check("health", await client.is_server_live() and await client.is_server_ready())
    check("model readiness", await client.is_model_ready(MODEL))

    async def infer(values, datatype, **how):
        tensor = InferInput("input", list(values.shape), datatype)
        tensor.set_data_from_numpy(values, **how)
        return (await client.infer(InferRequest(MODEL, [tensor]))).outputs[0].as_numpy()

    pixels = numpy.random.default_rng(1).random((3, 3, 32, 32), dtype=numpy.float32)
    scores = await infer(pixels, "FP32", binary_data=True)
    check("pixels as bytes", scores.shape == (3, 10))
    check("pixels one by one", numpy.array_equal(await infer(pixels, "FP32", binary_data=False), scores))
    contents = numpy.array([open(name, "rb").read() for name in PICTURES["files"]], dtype=object)
    scores = await infer(contents, "BYTES", binary_data=True)
    check("files", list(scores.argmax(axis=1)) == PICTURES["classes"])


asyncio.run(main())
