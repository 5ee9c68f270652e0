const TORCH =
  'in Python: model.load_state_dict(torch.load(path)); model.eval(); torch.onnx.export(model, torch.zeros(1, 3, 224, 224), ' +
  '"model.onnx", dynamo=True, external_data=False)';
const KERAS =
  'pip install tf2onnx; in Python: tf2onnx.convert.from_keras(keras.models.load_model(path), output_path="model.onnx")';
const TFLITE = 'pip install tf2onnx; python -m tf2onnx.convert --tflite FILE --output model.onnx';
const WEIGHTS = `These are weights without their network: load them into it, then ${TORCH}`;

interface Format {
  what: string;
  how: string;
  is: (bytes: Buffer, name: string) => boolean;
}

const startsWith = (...signature: (string | number[])[]) => {
  const known = signature.map((one) => Buffer.from(one as string));
  return (bytes: Buffer): boolean => known.some((one) => bytes.subarray(0, one.length).equals(one));
};
const hasAt =
  (at: number, text: string) =>
  (bytes: Buffer): boolean =>
    bytes.toString('latin1', at, at + text.length) === text;
const isZip = startsWith('PK\x03\x04');
/** Names of files lie in a zip as they are. */
const zipWith =
  (part: string) =>
  (bytes: Buffer): boolean =>
    isZip(bytes) && (bytes.subarray(0, 65_536).includes(part) || bytes.subarray(-65_536).includes(part));

function named(...extensions: string[]) {
  const known = new Set(extensions);
  return (_: Buffer, name: string): boolean => known.has(/\.(\w+)$/.exec(name)?.[1]?.toLowerCase() ?? '');
}

function isPicture(bytes: Buffer): boolean {
  const isRiff = bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP';
  return isRiff || startsWith([0xff, 0xd8, 0xff], '\x89PNG', 'GIF8')(bytes);
}

/** What people have in place of an ONNX file, the more particular first. */
const FORMATS: readonly Format[] = [
  {
    what: 'a pointer of Git LFS, not the model itself',
    how: 'run "git lfs pull" where it comes from, or download the file itself',
    is: startsWith('version https://git-lfs'),
  },
  {
    what: 'a web page, not the model itself',
    how: 'download the file by its own address ("raw" or "download"), or log in where it comes from',
    is: (bytes) => /^\s*(<!--[^]*?-->\s*)?(<!doctype html|<html|<head|<body)/i.test(bytes.toString('latin1', 0, 512)),
  },
  { what: 'a TensorFlow Lite model', how: TFLITE, is: hasAt(4, 'TFL3') },
  {
    what: "a model in ONNX Runtime's own format (.ort)",
    how: 'use the ONNX file that it was made of; there is no way back',
    is: hasAt(4, 'ORTM'),
  },
  { what: 'a Keras model (HDF5)', how: KERAS, is: startsWith([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]) },
  { what: 'a Keras model', how: KERAS, is: zipWith('model.weights.h5') },
  {
    what: 'a TorchScript archive of PyTorch',
    how: `load it with torch.jit.load, then ${TORCH}`,
    is: zipWith('/code/__torch__'),
  },
  { what: 'a checkpoint of PyTorch', how: TORCH, is: zipWith('data.pkl') },
  { what: 'weights of NumPy', how: WEIGHTS, is: zipWith('.npy') },
  {
    what: 'an exported program of PyTorch (.pt2)',
    how: 'in Python: torch.onnx.export(torch.export.load(path), f="model.onnx", external_data=False)',
    is: zipWith('archive_format'),
  },
  { what: 'a CoreML package', how: 'export the network it was made of to ONNX', is: zipWith('com.apple.CoreML') },
  {
    what: 'a zip archive',
    how: 'unpack it; the ONNX file in it, with its .data file beside it if there is one, is what can be added',
    is: isZip,
  },
  {
    what: 'a Python pickle, as older versions of PyTorch save models',
    how: TORCH,
    is: (bytes) => bytes[0] === 0x80 && bytes[1]! <= 5,
  },
  { what: 'a safetensors file', how: WEIGHTS, is: isSafetensors },
  {
    what: 'a GGUF file',
    how: 'it is for language models; export the network it was made of to ONNX',
    is: startsWith('GGUF'),
  },
  { what: 'weights of NumPy', how: WEIGHTS, is: startsWith('\x93NUMPY') },
  {
    what: 'a gzip archive',
    how: 'unpack it with gunzip (tar xzf, where it is a .tar.gz)',
    is: startsWith([0x1f, 0x8b]),
  },
  {
    what: 'a compressed archive',
    how: 'unpack it first',
    is: startsWith([0x28, 0xb5, 0x2f, 0xfd], [0xfd, 0x37, 0x7a, 0x58, 0x5a], 'BZh', [0x37, 0x7a, 0xbc, 0xaf], 'Rar!'),
  },
  { what: 'a tar archive', how: 'unpack it with tar xf', is: hasAt(257, 'ustar') },
  { what: 'a picture', how: 'give the ONNX file of a model', is: isPicture },
  {
    what: 'an engine of TensorRT',
    how: 'use the ONNX file that it was built of; there is no way back',
    is: named('engine', 'plan', 'trt'),
  },
  {
    what: 'a model of PaddlePaddle',
    how: 'pip install paddle2onnx; paddle2onnx --model_dir FOLDER --save_file model.onnx',
    is: named('pdmodel', 'pdiparams', 'pdparams'),
  },
  {
    what: 'a model of Darknet',
    how: 'load it into the network in PyTorch, and export that by torch.onnx.export',
    is: named('weights', 'cfg'),
  },
  {
    what: 'a model that has been compiled for one kind of device or engine',
    how: 'use the ONNX file that it was made of; there is no way back',
    is: named('rknn', 'hef', 'mnn', 'param', 'tnnmodel', 'dlc', 'om', 'nb', 'blob', 'mlmodelc'),
  },
  {
    what: 'a CoreML model',
    how: 'export the network it was made of to ONNX',
    is: named('mlmodel'),
  },
  {
    what: 'a TensorFlow graph',
    how: 'pip install tf2onnx; python -m tf2onnx.convert --saved-model FOLDER --output model.onnx',
    is: named('pb'),
  },
  {
    what: 'a Caffe model',
    how: 'export the network to ONNX, for instance by caffe2onnx',
    is: named('caffemodel'),
  },
  {
    what: 'a model of OpenVINO',
    how: 'use the ONNX file that it was made of',
    is: (bytes) => bytes.includes('<net name='),
  },
  {
    what: 'a model of TensorFlow.js',
    how: 'pip install tf2onnx; python -m tf2onnx.convert --tfjs FILE --output model.onnx',
    is: (bytes) => bytes.subarray(0, 4096).includes('"modelTopology"'),
  },
  {
    what: 'JSON',
    how: 'give the ONNX file of a model',
    is: (bytes) => /^\s*[[{]\s*["{[\d]/.test(bytes.toString('latin1', 0, 64)),
  },
];

/** 8 bytes of length, then so many of JSON. https://huggingface.co/docs/safetensors */
function isSafetensors(bytes: Buffer): boolean {
  if (bytes.length < 10) return false;
  const length = bytes.readUInt32LE(0);
  return bytes.readUInt32LE(4) === 0 && length > 1 && length <= bytes.length - 8 && bytes[8] === 0x7b;
}

/**
 * What a file is that is no ONNX file, and how to get one of it.
 * @param name of the file
 * @returns a sentence; undefined where it is nothing that is known
 */
export function foreignFormat(bytes: Uint8Array, name: string): string | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const found = FORMATS.find(({ is }) => is(buffer, name));
  if (found) return `this is ${found.what}. To get an ONNX file: ${found.how}`;
  const line = textIn(buffer);
  return line && `this is text, which begins with ${JSON.stringify(line)}, and not the model itself; download it again`;
}

/** Such as what a server has answered in place of a file. @returns the beginning of its first line */
function textIn(bytes: Buffer): string | undefined {
  // No byte of a letter that the end has cut in two.
  const start = bytes.toString('utf8', 0, Math.min(bytes.length, 400));
  // eslint-disable-next-line no-control-regex -- no text has these
  if (/[\u0000-\u0008\u000e-\u001f\u007f]/.test(start) || start.slice(0, -1).includes('\ufffd')) return undefined;
  return (
    start
      .trim()
      .split(/[\r\n]/)[0]!
      .slice(0, 60) || undefined
  );
}
