import { onnxClassifier } from '#testing/onnx-classifier';
import { writeOnnx } from '#testing/onnx-file';
import { OnnxFormatError, readOnnx } from './model';

describe('an ONNX file', () => {
  it('is the same after it has been read and written', () => {
    const bytes = onnxClassifier({ classes: 3, trailingOnes: 1 });
    expect(Buffer.from(writeOnnx(readOnnx(bytes))).equals(bytes)).toBe(true);
  });

  it.each([
    ['text', Buffer.from('this is text, which is no protobuf')],
    ['nothing', Buffer.alloc(0)],
    ['a cut file', onnxClassifier().subarray(0, 400)],
  ])('cannot be %s', (_, bytes) => {
    expect(() => readOnnx(bytes)).toThrow(OnnxFormatError);
  });
});
