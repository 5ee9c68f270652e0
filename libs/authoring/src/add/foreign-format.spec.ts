import { gzipSync } from 'node:zlib';
import { foreignFormat } from './foreign-format';

const at = (offset: number, text: string) => Buffer.concat([Buffer.alloc(offset), Buffer.from(text), Buffer.alloc(32)]);
const zip = (...names: string[]) => Buffer.from(`PK\x03\x04${'\0'.repeat(26)}${names.join('PK\x03\x04')}`, 'latin1');
const safetensors = Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('{}')]);

it.each<[string, Buffer, RegExp]>([
  ['m.onnx', Buffer.from('version https://git-lfs.github.com/spec/v1\noid'), /pointer of Git LFS.*git lfs pull/],
  ['m.onnx', Buffer.from('\n<!DOCTYPE html><html>'), /web page/],
  ['m.tflite', at(4, 'TFL3'), /TensorFlow Lite.*tf2onnx\.convert --tflite/],
  ['m.ort', at(4, 'ORTM'), /\.ort\)/],
  ['m.h5', Buffer.from('\x89HDF\r\n\x1a\n', 'latin1'), /Keras.*from_keras/],
  ['m.keras', zip('config.json', 'model.weights.h5'), /Keras/],
  ['m.pth', zip('archive/data.pkl'), /checkpoint of PyTorch.*torch\.onnx\.export/],
  ['m.pt', zip('m/data.pkl', 'm/code/__torch__/net.py'), /TorchScript/],
  ['m.pth', Buffer.from([0x80, 2, 0x8a]), /pickle.*torch\.onnx\.export/],
  ['m.zip', zip('model.onnx'), /zip archive.*unpack/],
  ['m.npz', zip('w.npy'), /NumPy/],
  ['m.safetensors', safetensors, /safetensors.*load them into it/],
  ['m.onnx.gz', gzipSync('x'), /gzip.*gunzip/],
  ['m.tar', at(257, 'ustar'), /tar/],
  ['m.gguf', Buffer.from('GGUF\x03'), /GGUF/],
  ['m.jpg', Buffer.from([0xff, 0xd8, 0xff, 0xe0]), /a picture/],
  ['m.onnx', Buffer.from('{"error": "not found"}'), /JSON/],
  ['m.onnx', Buffer.from('<!-- moved -->\n<html lang="en">'), /web page/],
  ['m.onnx', Buffer.from('Entry not found\n'), /text, which begins with "Entry not found", .*download it again/],
  ['m.onnx', Buffer.from('<?xml version="1.0"?><Error/>'), /text, which begins with "<\?xml/],
  ['m.pt2', zip('archive_format', 'm/models/model.json'), /exported program of PyTorch.*torch\.export\.load/],
  ['m.mlpackage', zip('Manifest.json', 'Data/com.apple.CoreML/model.mlmodel'), /CoreML/],
  ['m.engine', Buffer.from([0x66, 0x74, 0x72, 0x74, 0]), /TensorRT.*no way back/],
  ['inference.pdmodel', Buffer.from([10, 0xc3, 1]), /PaddlePaddle.*paddle2onnx/],
  ['yolov3-cls.weights', Buffer.alloc(20), /Darknet/],
  ['m.rknn', Buffer.from('RKNN\x01'), /compiled for one kind of device/],
  ['model.json', Buffer.from('{"format": "graph-model", "modelTopology": {}}'), /TensorFlow\.js.*--tfjs/],
  ['m.webp', Buffer.from('RIFF\0\0\0\0WEBPVP8 ', 'latin1'), /a picture/],
  ['saved_model.pb', Buffer.from([8, 1]), /TensorFlow/],
])('%s is named, with the way to an ONNX file', (name, bytes, text) => {
  expect(foreignFormat(bytes, name)).toMatch(text);
});

it('says nothing of what it does not know', () => {
  expect(foreignFormat(Buffer.from([10, 3, 97, 98, 99, 18]), 'm.onnx')).toBeUndefined();
});
