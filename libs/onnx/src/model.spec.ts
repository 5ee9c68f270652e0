import { onnxClassifier } from '#testing/onnx-classifier';
import { externalFiles, OnnxFormatError, readOnnx, writeOnnx } from './model';

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

  it('names the files that its weights lie in', () => {
    const model = readOnnx(onnxClassifier());
    expect(externalFiles(model)).toEqual([]);
    const [weights] = model.graph.initializer;
    Object.assign(weights!, { dataLocation: 1, externalData: [{ key: 'location', value: '../secret' }] });
    expect(externalFiles(readOnnx(writeOnnx(model)))).toEqual(['../secret']);
  });

  it('is searched for such files in the branches of a graph, too', () => {
    const model = readOnnx(onnxClassifier());
    const hidden = { ...model.graph.initializer[0]!, dataLocation: 1, externalData: [{ key: 'location', value: 'x' }] };
    const branch = { ...structuredClone(model.graph), initializer: [hidden] };
    model.graph.node[0]!.attribute = [{ name: 'then_branch', type: 5, g: branch }];
    expect(externalFiles(readOnnx(writeOnnx(model)))).toEqual(['x']);
  });
});
