"""Triton's client over HTTP, as its documentation uses it: python tritonclient_http.py HOST:PORT ADMIN_KEY JSON"""

import numpy
import tritonclient.http as triton

from checks import KEY, MODEL, PICTURES, URL, checks_of, refused

check = checks_of("tritonclient")
client = triton.InferenceServerClient(URL)

check("health", client.is_server_live() and client.is_server_ready())
check("model readiness", client.is_model_ready(MODEL) and client.is_model_ready(MODEL, "2") and client.is_model_ready(MODEL, "champion"))
check("an unknown model is not ready", not client.is_model_ready("nobody"))
check("server metadata", "binary_tensor_data" in client.get_server_metadata()["extensions"])
check("model metadata", client.get_model_metadata(MODEL, "2")["inputs"] == [{"name": "input", "datatype": "FP32", "shape": [-1, 3, 32, 32]}])
check("model configuration", client.get_model_config(MODEL)["input"][0]["dims"] == [3, 32, 32])

contents = numpy.array([open(name, "rb").read() for name in PICTURES["files"]], dtype=object)
files = triton.InferInput("input", contents.shape, "BYTES")
files.set_data_from_numpy(contents)
answer = client.infer(MODEL, [files], request_id="my-request")
scores = answer.as_numpy("logits")
check("files, all outputs as bytes", list(scores.argmax(axis=1)) == PICTURES["classes"] and answer.get_response()["id"] == "my-request")
as_json = client.infer(MODEL, [files], outputs=[triton.InferRequestedOutput("logits", binary_data=False)]).as_numpy("logits")
check("outputs as JSON", numpy.array_equal(as_json, scores))
words = client.infer(MODEL, [files], outputs=[triton.InferRequestedOutput("logits", class_count=3)]).as_numpy("logits")
check("classification", words.shape == (len(contents), 3) and [int(row[0].split(b":")[1]) for row in words] == PICTURES["classes"])
check("a version, an alias, a timeout", client.infer(MODEL, [files], model_version="champion", timeout=10_000_000).get_response()["model_version"] == "2")

pixels = numpy.random.default_rng(1).random((3, 3, 32, 32), dtype=numpy.float32)
tensor = triton.InferInput("input", pixels.shape, "FP32")
tensor.set_data_from_numpy(pixels)
binary = client.infer(MODEL, [tensor]).as_numpy("logits")
tensor.set_data_from_numpy(pixels, binary_data=False)
check("pixels as bytes and as JSON", numpy.array_equal(client.infer(MODEL, [tensor]).as_numpy("logits"), binary))
check("asynchronous", numpy.array_equal(client.async_infer(MODEL, [tensor]).get_result().as_numpy("logits"), binary))

check("errors", refused(lambda: client.infer("nobody", [files])) == "404")
check("statistics", client.get_inference_statistics(MODEL, "2")["model_stats"][0]["inference_count"] > 0)
check("statistics of all models", len(client.get_inference_statistics()["model_stats"]) > 1)
check("repository index", {"name": MODEL, "version": "2", "state": "READY", "reason": ""} in client.get_model_repository_index())
check("loading without a key", refused(lambda: client.load_model(MODEL)) == "401")
client.load_model(MODEL, headers={"X-API-Key": KEY})
check("loading", client.is_model_ready(MODEL))
check("unloading what the policy names", refused(lambda: client.unload_model(MODEL, headers={"X-API-Key": KEY})) == "409")
