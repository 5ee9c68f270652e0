import { addCommand } from './add.command';
import { noteTyped, type Upload, UPLOAD_FLAGS, uploadArguments } from './upload-fields';

const add = () => addCommand({ registry: '.' });
const upload = (more: Partial<Upload>): string[] =>
  uploadArguments(add(), { model: 'm', file: 'm.onnx', fields: {}, files: {}, ...more }, '/registry');

it('every flag of models add is a text, a file, or left out on purpose', () => {
  const known: string[] = Object.values(UPLOAD_FLAGS).flat();
  const flags = add().options.map((option) => option.long!.slice(2));
  expect([...flags].sort()).toEqual([...known].sort());
});

it('becomes a call of models add on the folder of the upload', () => {
  const fields = { preset: 'cifar10', mean: '-1,2,3', description: '--json' };
  expect(upload({ fields, files: { labels: ['labels/a.txt'], data: ['m.onnx.data'] } })).toEqual([
    ...['--name', 'm', '--registry', '/registry', '--json'],
    ...['--preset=cifar10', '--mean=-1,2,3', '--description=--json', '--labels=labels/a.txt', '--', 'm.onnx'],
  ]);
});

it.each<[Partial<Upload>, RegExp]>([
  [{ fields: { labels: '/etc/passwd' } }, /"labels" is a file; send it as one/],
  [{ files: { preset: ['preset/x'] } }, /"preset" is no file; send it as text/],
  [
    { fields: { registry: '/elsewhere' } },
    /"registry" is not known here; known are: file, data, labels, features, version/,
  ],
  [{ files: { server: ['server/x'] } }, /"server" is not known here/],
])('%j is refused: a text must not name a file of the server, nor another registry', (more, reason) => {
  expect(() => upload(more)).toThrow(reason);
});

it('what is typed is noted as it is typed', async () => {
  const command = add().action(() => undefined);
  const typed = noteTyped(command);
  await command.parseAsync(['x.onnx', '--name', 'm', '--scale', '1/255', '--mean=-1,0,1', '--json'], { from: 'user' });
  expect(Object.fromEntries(typed)).toEqual({ name: ['m'], scale: ['1/255'], mean: ['-1,0,1'], json: ['true'] });
});
