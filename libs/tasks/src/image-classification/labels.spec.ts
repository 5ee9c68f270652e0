import { parseLabels } from './labels';

const labels = (text: string | Uint8Array, name = 'labels.txt') => parseLabels(Buffer.from(text as string), name);

it.each<[string, string, string?]>([
  ['lines', 'cat\ndog\n'],
  ['lines of Windows, with a byte order mark', '\ufeffcat\r\ndog\r\n'],
  ['lines of an old Mac', 'cat\rdog'],
  ['a list', '["cat", "dog"]'],
  ['a list in a .json, with a byte order mark', '\ufeff["cat", "dog"]', 'labels.json'],
  ['numbers and labels', '{"1": "dog", "0": "cat"}'],
  ['labels and numbers', '{"dog": 1, "cat": 0}'],
  ["Keras' class index", '{"0": ["n02123045", "cat"], "1": ["n02084071", "dog"]}'],
  ["Hugging Face's configuration", '{"architectures": ["X"], "id2label": {"0": "cat", "1": "dog"}}'],
  ['objects with names', '[{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]'],
  ['objects whose numbers say in which order they are', '[{"id": 1, "name": "dog"}, {"id": 0, "name": "cat"}]'],
])('%s are read', (_, text, name = 'labels.txt') => {
  expect(labels(text, name)).toEqual(['cat', 'dog']);
});

it('a label that begins with a bracket is a label', () => {
  expect(labels('[unknown]\ncat\n')).toEqual(['[unknown]', 'cat']);
});

it.each<[string, string | Uint8Array, RegExp, string?]>([
  ['Latin-1', Buffer.from('modèle\n', 'latin1'), /not UTF-8/],
  ['UTF-16', Buffer.from('\ufeffcat', 'utf16le'), /not UTF-8/],
  ['UTF-16 without a mark', Buffer.from('cat\ndog', 'utf16le'), /not UTF-8 text, it has zero bytes/],
  ['an empty line', 'cat\n\ndog\n', /line 2 of labels.txt is empty/],
  ['nothing', '', /is empty/],
  ['half a JSON', '["cat"', /is not valid JSON/, 'labels.json'],
  ['a number that is missing', '{"0": "cat", "2": "dog"}', /no label for class 1/],
  ['JSON of something else', '{"hello": "world"}', /holds no labels/],
  ['an empty label', '["cat", " "]', /label of class 1 .* is empty/],
])('%s: it is said what is wrong', (_, text, reason, name = 'labels.txt') => {
  expect(() => labels(text, name)).toThrow(reason);
});
