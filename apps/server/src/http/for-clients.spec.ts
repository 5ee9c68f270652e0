import { forClients } from './for-clients';

it.each([
  [
    'pixels version 1 is FAILED: ONNX Runtime cannot load /srv/models/pixels/1/model.onnx: Load model from /srv/models/pixels/1/model.onnx ' +
      'failed:/onnxruntime_src/onnxruntime/core/graph/model.cc:181 onnxruntime::Model::Model(onnx::ModelProto&&) Unsupported model IR version',
    'pixels version 1 is FAILED: ONNX Runtime cannot load model.onnx: Load model from model.onnx failed',
  ],
  [
    "the model failed on this batch: Error: Non-zero status code returned while running Gather node. Name:'g' Status Message: " +
      'onnxruntime/core/providers/cpu/tensor/gather.cc:101 indices element out of data bounds',
    "the model failed on this batch: Error: Non-zero status code returned while running Gather node. Name:'g'",
  ],
  [
    "the model has no worker at present, and one could not be started: the file is no longer the one that was loaded: ENOENT: no such file or directory, open '/srv/models/pixels/1/model.onnx'",
    "the model has no worker at present, and one could not be started: the file is no longer the one that was loaded: ENOENT: no such file or directory, open 'model.onnx'",
  ],
  ['could not be started: spawn /usr/local/bin/node EAGAIN', 'could not be started: spawn node EAGAIN'],
  [
    'the worker was killed by SIGSEGV; it said: terminate called | /srv/app/x.node(+0x12) [0x7f]',
    'the worker was killed by SIGSEGV',
  ],
  [
    'the input cannot be prepared: TypeError: x\n    at f (file:///srv/app/x.js:1:2)\n    at g',
    'the input cannot be prepared: TypeError: x',
  ],
  ['C:\\models\\pixels\\1\\model.onnx is missing', 'model.onnx is missing'],
  // What is ours to say stays as it is.
  [
    '256 requests wait for this model already; try again later (runtime.maxQueue=256)',
    '256 requests wait for this model already; try again later (runtime.maxQueue=256)',
  ],
  ['resnet-cifar10 version 2 is LOADING', 'resnet-cifar10 version 2 is LOADING'],
  [
    'version 2 is FAILED: labels.txt has 9 labels, model.json says 10',
    'version 2 is FAILED: labels.txt has 9 labels, model.json says 10',
  ],
  [
    'needs about 90 MiB; 20 of 64 MiB are in use (LOAD_MEMORY_BYTES=67108864)',
    'needs about 90 MiB; 20 of 64 MiB are in use (LOAD_MEMORY_BYTES=67108864)',
  ],
])('%s', (detail, told) => {
  expect(forClients(detail)).toBe(told);
});

it('takes no long time for a long sentence', () => {
  const started = performance.now();
  forClients(`a/b${'/x'.repeat(50_000)} ${'.'.repeat(50_000)} ${' \n'.repeat(20_000)}:;,`);
  expect(performance.now() - started).toBeLessThan(5_000);
});
