import { runtimeError } from './runtime-error';

const SOURCE = '/onnxruntime_src/onnxruntime/core';

it.each([
  [
    `${SOURCE}/graph/model_load_utils.h:46 void onnxruntime::model_load_utils::ValidateOpsetForDomain(const std::unordered_map<std::__cxx11::basic_string<char>, int>&, const onnxruntime::logging::Logger&, bool, const std::string&, int) ONNX Runtime only *guarantees* support for models stamped with official released onnx opset versions. Opset 99 is under development and support for this is limited. Current official support for domain ai.onnx is till opset 26.\n`,
    'it uses opset 99 of ai.onnx, of which opset 26 is the newest that is known here; export it with opset_version=26 or less',
  ],
  [
    `${SOURCE}/graph/model.cc:202 onnxruntime::Model::Model(onnx::ModelProto&&, const onnxruntime::ModelOptions&) Unsupported model IR version: 99, max supported IR version: 13\n`,
    'it has IR version 99, of which 13 is the newest that is known here; in Python set model.ir_version = 13 and save it again',
  ],
  [
    'This is an invalid model. In Node, ("", Nope, "", -1) : ("input": tensor(float),) -> ("gap",) , Error No Op registered for Nope with domain_version of 17',
    'it uses the operator Nope, which opset 17 does not have',
  ],
  [
    'Fatal error: com.acme:Magic(-1) is not a registered function/op',
    'it uses the operator Magic of com.acme, which ONNX Runtime does not have; export it without custom operators',
  ],
  [
    `This is an invalid model. In Node, ("", Magic, "com.acme", -1) : ("input": tensor(float),) -> ("gap",) , Error No opset import for domain 'com.acme'`,
    "it uses the operator Magic of com.acme, but does not import that domain's opset",
  ],
  [
    "Could not find an implementation for LRN(13) node with name ''",
    'ONNX Runtime has no implementation of the operator LRN (opset 13) for the types that it is used with',
  ],
  [
    `Non-zero status code returned while running Reshape node. Name:'flat' Status Message: ${SOURCE}/providers/cpu/tensor/reshape_helper.h:91 onnxruntime::ReshapeHelper::ReshapeHelper(const onnxruntime::TensorShape&, onnxruntime::TensorShapeVector&, bool) input_shape_size == requested_shape_size was false. The input tensor cannot be reshaped to the requested shape. Input shape:{2,3,1,1}, requested shape:{1,3}\n`,
    'its Reshape node flat failed: input_shape_size == requested_shape_size was false. The input tensor cannot be reshaped to the requested shape. Input shape:{2,3,1,1}, requested shape:{1,3}',
  ],
  ['Something else\nof two lines', 'Something else of two lines'],
])('%s is said in one line without C++', (said, expected) => {
  expect(runtimeError(new Error(said))).toBe(expected);
});
