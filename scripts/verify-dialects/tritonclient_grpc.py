"""Triton's client over gRPC, as its documentation uses it, and gRPC's own tools: python tritonclient_grpc.py HOST:PORT ADMIN_KEY JSON"""

import asyncio
import queue
import threading

import grpc
import numpy
import tritonclient.grpc as triton
import tritonclient.grpc.aio as triton_aio
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from checks import KEY, MODEL, PICTURES, URL, checks_of, refused

check = checks_of("tritonclient over gRPC")
client = triton.InferenceServerClient(URL)

check("health", client.is_server_live() and client.is_server_ready())
check("model readiness", client.is_model_ready(MODEL) and client.is_model_ready(MODEL, "2") and client.is_model_ready(MODEL, "champion"))
check("server metadata", "statistics" in client.get_server_metadata().extensions)
metadata = client.get_model_metadata(MODEL, "2")
check("model metadata", list(metadata.inputs[0].shape) == [-1, 3, 32, 32] and "2" in metadata.versions)
config = client.get_model_config(MODEL).config
check("model configuration", list(config.input[0].dims) == [3, 32, 32] and config.max_batch_size == 32 and config.backend == "onnxruntime")

contents = numpy.array([open(name, "rb").read() for name in PICTURES["files"]], dtype=object)
files = triton.InferInput("input", contents.shape, "BYTES")
files.set_data_from_numpy(contents)
answer = client.infer(MODEL, [files], request_id="my-request")
scores = answer.as_numpy("logits")
check("files", list(scores.argmax(axis=1)) == PICTURES["classes"] and answer.get_response().id == "my-request")
words = client.infer(MODEL, [files], outputs=[triton.InferRequestedOutput("logits", class_count=3)]).as_numpy("logits")
check("classification", words.shape == (len(contents), 3) and [int(row[0].split(b":")[1]) for row in words] == PICTURES["classes"])
check("a version, an alias, a timeout", client.infer(MODEL, [files], model_version="champion", timeout=10_000_000, client_timeout=30).get_response().model_version == "2")

pixels = numpy.random.default_rng(1).random((3, 3, 32, 32), dtype=numpy.float32)
tensor = triton.InferInput("input", pixels.shape, "FP32")
tensor.set_data_from_numpy(pixels)
binary = client.infer(MODEL, [tensor]).as_numpy("logits")
check("pixels", binary.shape == (3, 10))

done = queue.Queue()
client.async_infer(MODEL, [tensor], lambda result, error: done.put((result, error)))
result, error = done.get(timeout=30)
check("asynchronous, by callback", error is None and numpy.array_equal(result.as_numpy("logits"), binary))


async def ask_by_asyncio():
    async with triton_aio.InferenceServerClient(URL) as aio:
        answers = await asyncio.gather(*(aio.infer(MODEL, [tensor]) for _ in range(20)))
        return all(numpy.array_equal(each.as_numpy("logits"), binary) for each in answers)


check("asynchronous, by asyncio", asyncio.run(ask_by_asyncio()))

client.start_stream(lambda result, error: done.put((result, error)))
for i in range(10):
    client.async_stream_infer(MODEL if i != 4 else "nobody", [tensor], request_id=str(i), enable_empty_final_response=i == 9)
answers = [done.get(timeout=30) for _ in range(10)]
client.stop_stream()
check("a stream in its order", [result.get_response().id for result, error in answers if error is None] == [str(i) for i in range(10) if i != 4])
check("a stream goes on behind an error", "nobody" in str(answers[4][1]))
check("the last answer says so where it is asked", answers[9][0].get_response().parameters["triton_final_response"].bool_param)

check("errors", refused(lambda: client.infer("nobody", [files])) == "StatusCode.NOT_FOUND")
check("a deadline", refused(lambda: client.infer(MODEL, [files], client_timeout=0.0001)) == "StatusCode.DEADLINE_EXCEEDED")
check("compressed requests", refused(lambda: client.infer(MODEL, [files], compression_algorithm="gzip")) == "StatusCode.UNIMPLEMENTED")
check("statistics", client.get_inference_statistics(MODEL, "2").model_stats[0].inference_count > 0)
check("statistics of all models", len(client.get_inference_statistics().model_stats) > 1)
check("repository index", (MODEL, "2", "READY") in [(each.name, each.version, each.state) for each in client.get_model_repository_index().models])
check("loading without a key", refused(lambda: client.load_model(MODEL)) == "StatusCode.UNAUTHENTICATED")
client.load_model(MODEL, headers={"x-api-key": KEY})
check("loading", client.is_model_ready(MODEL))
check("unloading what the policy names", refused(lambda: client.unload_model(MODEL, headers={"authorization": f"Bearer {KEY}"})) == "StatusCode.FAILED_PRECONDITION")

channel = grpc.insecure_channel(URL)
health = health_pb2_grpc.HealthStub(channel)
check("grpc.health.v1", health.Check(health_pb2.HealthCheckRequest()).status == health_pb2.HealthCheckResponse.SERVING)
watched = health.Watch(health_pb2.HealthCheckRequest(service="inference.GRPCInferenceService"))
check("grpc.health.v1, watched", next(watched).status == health_pb2.HealthCheckResponse.SERVING)
watched.cancel()
reflected = ProtoReflectionDescriptorDatabase(channel)
service = DescriptorPool(reflected).FindServiceByName("inference.GRPCInferenceService")
theirs = triton.service_pb2.DESCRIPTOR.services_by_name["GRPCInferenceService"]
check("reflection", "inference.GRPCInferenceService" in reflected.get_services() and "ModelInfer" in service.methods_by_name)


def numbers(message):
    return {field.name: (field.number, field.type) for field in message.fields}


for method in service.methods:
    for ours, his in [(method.input_type, theirs.methods_by_name[method.name].input_type), (method.output_type, theirs.methods_by_name[method.name].output_type)]:
        known = numbers(his)
        odd = {name: each for name, each in numbers(ours).items() if name in known and known[name] != each}
        check(f"{ours.name} as Triton has it", not odd)

threads = [threading.Thread(target=lambda: [client.infer(MODEL, [tensor]) for _ in range(20)]) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
check("eight threads", client.is_server_ready())
