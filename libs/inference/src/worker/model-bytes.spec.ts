import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readModel } from './model-bytes';

it.each([
  ['it is not there', join(tmpdir(), 'nobody.onnx'), 'ENOENT'],
  ['it cannot be read to its end', tmpdir(), 'EISDIR'],
])('a file that cannot be read is told from one that is wrong: %s', async (_, path, code) => {
  await expect(readModel(path, '0'.repeat(64))).rejects.toMatchObject({
    message: expect.stringContaining(`cannot read the model file: ${code}`),
    fault: { kind: 'unreadable', code },
  });
});
