import { randomBytes } from 'node:crypto';
import type { EyrieError } from '#core';
import type { RowsSource, Source, TensorSource } from '../source';
import { BatchBody, SingleBody } from './bodies';
import { JsonReader } from './reader';

const LIMITS = {
  item: { setting: 'MAX_IMAGE_BYTES', value: 3000 },
  all: { setting: 'MAX_REQUEST_BYTES', value: 8000 },
  rows: { setting: 'MAX_TABLE_ROWS', value: 3 },
  items: { setting: 'MAX_BATCH_ITEMS', value: 3 },
};

/** As it comes whole, or in pieces of so many bytes. */
function read<Body extends SingleBody | BatchBody>(body: Body, json: string | Buffer, pieces = Infinity): Body {
  const bytes = Buffer.from(json as string);
  const reader = new JsonReader(body);
  for (let at = 0; at < bytes.length; at += pieces) reader.write(bytes.subarray(at, at + pieces));
  reader.end();
  return body;
}

const single = (json: string | Buffer, pieces?: number) => read(new SingleBody(LIMITS), json, pieces);
const batch = (json: string | Buffer, pieces?: number) => read(new BatchBody(LIMITS), json, pieces);

function refusal(act: () => unknown): EyrieError {
  try {
    act();
  } catch (error) {
    return error as EyrieError;
  }
  throw new Error('it was not refused');
}

function tensor(source: Source, name: string) {
  const { data, shape, datatype } = (source as TensorSource).inputs.get(name)!;
  return {
    shape: data.shape,
    elements: data.blocks.flatMap((block) => Array.from(block)),
    said: shape?.blocks,
    datatype,
  };
}

const image = randomBytes(1000);
const base64 = image.toString('base64');

describe('a JSON body in pieces of any size is the same: ', () => {
  it.each([1, 2, 3, 7, Infinity])('%d bytes', (pieces) => {
    const written = ` \ufeff{ "top_k" : 3, "image" :\t"data:image/png;base64,${base64.replaceAll('A', '\\u0041')}"\r\n}`;
    const { source, asked } = single(written.slice(1), pieces);
    expect([source, asked]).toEqual([{ bytes: image }, { topK: 3 }]);

    const numbers = [0, -0, 1, -17, 0.5, 123456789.25, 1e21, -2.5e-7, 5e-324, Number.MAX_VALUE, 0.1, Math.fround(0.1)];
    const inputs = { numbers, grid: [[1, 2, 3], [4, 5, 6]], 'ä🙂': [['a"\\/\b\f\n\r\tä\u20ac🙂'], ['']], flags: [true, false, 1, 'x'], one: 7 }; // prettier-ignore
    const tensors = single(JSON.stringify({ inputs, outputs: ['y', 'z'] }), pieces).source;
    expect(tensor(tensors, 'numbers')).toMatchObject({ shape: [12], elements: numbers.map((n) => n + 0) });
    expect(tensor(tensors, 'grid')).toMatchObject({ shape: [2, 3], elements: [1, 2, 3, 4, 5, 6] });
    expect(tensor(tensors, 'ä🙂')).toMatchObject({ shape: [2, 1], elements: ['a"\\/\b\f\n\r\tä\u20ac🙂', ''] });
    expect(tensor(tensors, 'flags')).toMatchObject({ shape: [4], elements: [true, false, 1, 'x'] });
    expect(tensor(tensors, 'one')).toMatchObject({ shape: [], elements: [7] });
    expect((tensors as TensorSource).outputs).toEqual(['y', 'z']);
  });
});

it('reads all numbers as JSON.parse does', () => {
  const random = () => String((Math.random() - 0.5) * 10 ** Math.floor(Math.random() * 40 - 20));
  const texts = [
    ...Array.from({ length: 300 }, random),
    ...Array.from({ length: 300 }, () => (Math.random() * 1000).toFixed(Math.floor(Math.random() * 15))),
    ...[
      '0',
      '-0',
      '0.0',
      '-0.0e0',
      '9007199254740993',
      '123456789012345678901234567890',
      '0.30000000000000004',
      '1E+5',
    ],
    `0.${'0'.repeat(300)}1e300`,
  ];
  const { source } = single(`{"inputs":{"x":[${texts.slice(0, 250).join(',')}]}}`);
  const rest = texts.slice(250).map((text) => tensor(single(`{"inputs":{"x":${text}}}`).source, 'x').elements[0]);
  const found = [...tensor(source, 'x').elements, ...rest];
  expect(found).toEqual(texts.map((text) => JSON.parse(text) as number));
});

describe('a row of a table', () => {
  it.each([1, 7, Infinity])('comes by name or in order, in pieces of %d bytes', (pieces) => {
    const values = [1.5, 'ä"\n', true, null, -7, ''];
    const features = Object.fromEntries(values.map((value, i) => [`name ${i}`, value]));
    const named = { names: Object.keys(features), values, path: 'features' };
    expect(single(JSON.stringify({ features, top_k: 2 }), pieces).source).toEqual({ rows: [named] });
    expect(single(JSON.stringify({ features: values }), pieces).source).toEqual({
      rows: [{ values, path: 'features' }],
    });
  });

  it('of a batch is one source with those beside it, in their order, whatever is wrong among them', () => {
    const items = [{ features: [1] }, { features: { a: [] } }, 7, { features: { a: 2 } }];
    const body = read(
      new BatchBody({ ...LIMITS, rows: { setting: 'MAX_TABLE_ROWS', value: 5 } }),
      JSON.stringify({ items }),
    );
    expect(body.sources).toHaveLength(1);
    const [{ rows }] = body.sources as [RowsSource];
    expect(rows.map((row) => (row instanceof Error ? row.message : row.path))).toEqual([
      'items[0].features',
      'items[1].features.a must be a number, a text, true, false or null',
      'items[2] must be a JSON object',
      'items[3].features',
    ]);
  });

  it('may be one of more than there may be images', () => {
    const limits = { ...LIMITS, rows: { setting: 'MAX_TABLE_ROWS', value: 5 } };
    const rows = Array.from({ length: 5 }, () => ({ features: [1] }));
    expect(
      (read(new BatchBody(limits), JSON.stringify({ items: rows })).sources as RowsSource[])[0]!.rows,
    ).toHaveLength(5);
    const detail =
      'items must be a list of 1 to 3 items (MAX_BATCH_ITEMS=3), or to 5 items (MAX_TABLE_ROWS=5) where they have "features"';
    const tooMany = [
      [...rows, { features: [1] }],
      [...rows.slice(1), { image: base64 }],
      [...rows.slice(1), {}],
      [...rows.slice(1), 7],
    ];
    for (const items of tooMany) {
      expect(refusal(() => read(new BatchBody(limits), JSON.stringify({ items }))).message).toBe(detail);
    }
  });
});

it('takes base64 in all its forms', () => {
  const forms = [
    base64,
    base64.replaceAll('=', ''),
    image.toString('base64url'),
    base64.replace(/.{76}/g, '$&\\r\\n'),
    ` ${base64} `,
    `DATA:;base64,${base64}`,
    `data:image/png;name=a b;base64,${base64}`,
  ];
  for (const form of forms) expect(single(`{"image":"${form}"}`).source).toEqual({ bytes: image });
  for (const length of [1, 2, 3, 4, 5]) {
    const few = randomBytes(length);
    expect(single(`{"image":"${few.toString('base64')}"}`).source).toEqual({ bytes: few });
  }
});

const DEEP = 100_000;
const REFUSED: [what: string, body: string | Buffer, says: string][] = [
  ['nothing', '', 'the body is empty'],
  ['white space', '   \n', 'the body is not valid JSON: it ends too early at byte 4'],
  ['a list', '[]', 'the body must be a JSON object'],
  ['null', 'null', 'the body must be a JSON object'],
  ['a number', '12', 'the body must be a JSON object'],
  [
    'an unknown field',
    '{"image":"AAAA","priority":1}',
    'unknown field "priority"; known here: image, url, inputs, features, outputs, top_k',
  ],
  ['__proto__', '{"__proto__":{"image":"AAAA"}}', 'unknown field "__proto__"'],
  ['constructor', '{"constructor":1}', 'unknown field "constructor"'],
  [
    'model',
    '{"model":"a","image":"AAAA"}',
    'model is not taken from the body: give it as the query parameter model, or in the path',
  ],
  [
    'version',
    '{"version":2}',
    'version is not taken from the body: give it as the query parameter version, or in the path',
  ],
  ['a field twice', '{"top_k":1,"top_k":1,"image":"AAAA"}', 'top_k is given more than once'],
  ['an image twice', '{"image":"AAAA","image":"BBBB"}', 'image is given more than once'],
  ['a tensor twice', '{"inputs":{"x":1,"x":2}}', 'inputs.x is given more than once'],
  ['an image and a URL', '{"image":"AAAA","url":"http://a"}', 'the body needs exactly one of'],
  ['a URL that is null', '{"image":"AAAA","url":null}', 'the body needs exactly one of'],
  ['neither', '{"top_k":1}', 'the body needs exactly one of'],
  ['outputs of an image', '{"image":"AAAA","outputs":["a"]}', 'outputs belongs to "inputs"'],
  ['an image that is a list', `{"image":[${'{},'.repeat(100)}`, 'image must be a string, base64 or a data: URI'],
  ['a URL that is an object', '{"url":{', 'url must be a string'],
  ['a long URL', `{"url":"${'a'.repeat(20_000)}`, 'The image URL is longer than'],
  ['a long name', `{"${'k'.repeat(20_000)}`, 'the name of a field is longer than 1024 bytes'],
  [
    'an image that is too large',
    `{"image":"${'A'.repeat(5000)}`,
    'image has more than the 3000 bytes that are allowed',
  ],
  ['one digit too many', '{"image":"AAAAA"}', 'image is not valid base64'],
  ['a digit behind padding', '{"image":"AA==AA"}', 'image is not valid base64'],
  ['padding alone', '{"image":"===="}', 'image is not valid base64'],
  ['an escape that is no digit', '{"image":"AA\\u00e4A"}', 'image is not valid base64'],
  ['an escaped NUL', '{"image":"AA\\u0000A"}', 'image is not valid base64'],
  ['a data: URI of text', '{"image":"data:text/plain,hi"}', 'image is a data: URI that is not base64'],
  ['a data: URI without end', `{"image":"data:${';'.repeat(500)}`, 'image is a data: URI that is not base64'],
  ['top_k as text', '{"top_k":"3"}', 'top_k must be a whole number of at least 1'],
  ['top_k of 0', '{"top_k":0}', 'top_k must be a whole number of at least 1'],
  ['top_k of 1.5', '{"top_k":1.5}', 'top_k must be a whole number of at least 1'],
  ['a tensor that is null', '{"inputs":{"x":null}}', 'inputs.x must be a number, or nested lists'],
  ['a tensor with an object in it', '{"inputs":{"x":[1,{', 'inputs.x must be a number, or nested lists'],
  ['a tensor without data', '{"inputs":{"x":{"shape":[1]}}}', 'inputs.x.data is missing'],
  ['a tensor without a shape', '{"inputs":{"x":{"data":[1]}}}', 'inputs.x.shape is missing'],
  ['rows of different lengths', '{"inputs":{"x":[[1,2],[3]', 'inputs.x is ragged: lists 2 deep have different lengths'],
  ['an element beside a list', '{"inputs":{"x":[1,[', 'inputs.x is ragged'],
  ['17 dimensions', `{"inputs":{"x":${'['.repeat(17)}`, 'inputs.x has more than 16 dimensions'],
  [
    'features that are a number',
    '{"features":7}',
    'features must be an object with a value for each feature, or a list',
  ],
  ['a feature that is a list', '{"features":{"a":[', 'features.a must be a number, a text, true, false or null'],
  ['a feature twice', '{"features":{"a":1,"a":1}}', 'features.a is given more than once'],
  ['a feature that is NaN', '{"features":[1,NaN]}', 'features[1] is NaN or Infinity'],
  ['a feature of 1e400', '{"features":{"a":1e400}}', 'features.a is a number that is too large'],
  ['features and an image', '{"features":[],"image":"', 'the body needs exactly one of'],
  ['too many features', `{"features":[${'1,'.repeat(1000)}`, 'the body would take more than the 3000 bytes'],
  [
    'too many names',
    `{"features":{${Array.from({ length: 1000 }, (_, i) => `"${i}":1`).join(',')}}}`,
    'the body would take',
  ],
  ['too many numbers', `{"inputs":{"x":[${'0,'.repeat(1000)}`, 'the body would take more than the 3000 bytes'],
  ['too many lists', `{"inputs":{"x":[${'[],'.repeat(1000)}`, 'the body would take more than the 3000 bytes'],
  ['too many strings', `{"inputs":{"x":[${'"",'.repeat(1000)}`, 'the body would take more than the 3000 bytes'],
  ['a long string', `{"inputs":{"x":["${'a'.repeat(4000)}`, 'the body would take more than the 3000 bytes'],
  ['too many tensors', `{"inputs":{${Array.from({ length: 1001 }, (_, i) => `"${i}":[]`).join(',')}}}`, ''],
  ['too many outputs', `{"inputs":{},"outputs":[${'"a",'.repeat(1001)}`, 'outputs must have at most 1000 items'],
  ['deep lists', '['.repeat(DEEP), 'the body must be a JSON object'],
  ['deep objects', '{"inputs":'.repeat(DEEP), 'inputs.inputs'],
  ['a number that is too large', '{"inputs":{"x":1e999}}', 'inputs.x is a number that is too large'],
  ['a number that is too long', `{"inputs":{"x":${'1'.repeat(2000)}`, 'a number that is too long'],
  ['half a surrogate pair', '{"url":"\\ud83d"}', 'half a surrogate pair in a string at byte 14'],
  ['the other half', '{"url":"\\ude00"}', 'half a surrogate pair in a string'],
  ['a line break in a string', '{"url":"a\nb"}', 'a control character in a string at byte 9'],
  ['a line break in base64', '{"image":"AAAA\nAAAA"}', 'a control character in a string at byte 14'],
  ['an unknown escape', '{"url":"\\x41"}', 'an unknown escape in a string'],
  ['what is not UTF-8', Buffer.from('{"url":"\xff"}', 'latin1'), 'not UTF-8'],
  ['an overlong form of UTF-8', Buffer.from('{"url":"\xc0\xaf"}', 'latin1'), 'not UTF-8'],
  ['a surrogate in UTF-8', Buffer.from('{"url":"\xed\xa0\xbd"}', 'latin1'), 'not UTF-8'],
  ['half a byte order mark', Buffer.from('\xef\xbb{}', 'latin1'), 'an unexpected { at byte 2'],
  ['UTF-16', Buffer.from('\ufeff{"url":"a"}', 'utf16le'), 'an unexpected character at byte 0'],
  ['something behind its end', '{"url":"a"}{', 'something follows its end at byte 11'],
  ['a comma too many', '{"url":"a",}', 'an unexpected } at byte 11'],
  ['a missing colon', '{"url" "a"}', 'an unexpected " at byte 7'],
  ['single quotes', "{'url':1}", "an unexpected ' at byte 1"],
  ['NaN', '{"top_k":NaN}', 'top_k is NaN or Infinity, which JSON does not have'],
  ['a half literal', '{"top_k":tru}', 'an unexpected } at byte 12'],
  ['the wrong bracket', '{"inputs":{"x":[1}}', 'an unexpected } at byte 17'],
  ...['01', '+1', '.5', '1.', '1e', '1e+', '--1', '-', '0x10', '1.2.3', '00'].map((number): [string, string, string] => [
    `the number ${number}`, `{"inputs":{"x":${number}}}`, 'the body is not valid JSON',
  ]), // prettier-ignore
];
it.each(REFUSED)('a body with %s is refused', (_, body, says) => {
  for (const pieces of [1, Infinity]) {
    if (pieces === 1 && body.length > 10_000) continue;
    const error = refusal(() => single(body, pieces));
    expect(['INVALID_REQUEST', 'IMAGE_TOO_LARGE', 'URL_NOT_ALLOWED']).toContain(error.code);
    expect(error.message).toContain(says);
  }
});

it('refuses what is wrong at its first byte, whatever is to come', () => {
  const reader = new JsonReader(new SingleBody(LIMITS));
  reader.write(Buffer.from('{"image":'));
  expect(refusal(() => reader.write(Buffer.from('['))).message).toMatch(/^image must be a string/);
});

describe('a batch', () => {
  const good = `{"image":"${base64}"}`;
  const WRONG: [string, string, string, string][] = [
    ['no object', '"text"', 'INVALID_REQUEST', 'items[1] must be a JSON object'],
    ['null', 'null', 'INVALID_REQUEST', 'items[1] must be a JSON object'],
    ['a list of lists', '[[],[{}]]', 'INVALID_REQUEST', 'items[1] must be a JSON object'],
    ['nothing in it', '{}', 'INVALID_REQUEST', 'items[1] needs exactly one of'],
    ['an unknown field', '{"a":{"b":[1,"x",{"c":null}]},"image":"AAAA"}', 'INVALID_REQUEST', 'unknown field "items[1].a"'],
    ['top_k', '{"image":"AAAA","top_k":1}', 'INVALID_REQUEST', 'items[1].top_k is asked for all items together'],
    ['a field twice', '{"image":"AAAA","image":"AAAA"}', 'INVALID_REQUEST', 'items[1].image is given more than once'],
    ['wrong base64', '{"image":"***"}', 'INVALID_REQUEST', 'items[1].image is not valid base64'],
    ['wrong base64 with escapes', '{"image":"*\\u0041\\\\\\""}', 'INVALID_REQUEST', 'items[1].image is not valid base64'],
    ['half a byte', '{"image":"A"}', 'INVALID_REQUEST', 'items[1].image is not valid base64'],
    ['an empty image', '{"image":""}', 'INVALID_IMAGE', 'items[1].image is empty'],
    ['too large an image', `{"image":"${'A'.repeat(4004)}"}`, 'IMAGE_TOO_LARGE', 'items[1].image has more than the 3000 bytes'],
    ['a long name', `{"${'k'.repeat(2000)}":1}`, 'INVALID_REQUEST', 'the name of a field is longer'],
    ['a ragged tensor', '{"inputs":{"x":[[1],[1,2],[3]]}}', 'INVALID_REQUEST', 'items[1].inputs.x is ragged'],
    ['a tensor of objects', '{"inputs":{"x":[[{"y":[]}],2]}}', 'INVALID_REQUEST', 'items[1].inputs.x must be'],
    ['a URL and an image', '{"url":"http://a","image":"AAAA"}', 'INVALID_REQUEST', 'items[1] needs exactly one of'],
    ['a string that is not UTF-8', '{"url":"\xff"}', 'INVALID_REQUEST', 'not UTF-8'],
  ]; // prettier-ignore
  it.each(WRONG)('has an error for an item with %s, and the others as they are', (_, item, code, says) => {
    for (const pieces of [1, 5, Infinity]) {
      const body = Buffer.from(`{"items":[${good},${item},${good}],"top_k":2}`, 'latin1');
      const { sources, asked } = batch(body, pieces);
      expect([sources.length, sources[0], sources[2], asked]).toEqual([
        3,
        { bytes: image },
        { bytes: image },
        { topK: 2 },
      ]);
      expect(sources[1]).toMatchObject({ code, message: expect.stringContaining(says) });
    }
  });

  it.each([
    ['no items', '{}', 'items must be a list of 1 to 3 items'],
    ['an empty list', '{"items":[]}', 'items must be a list of 1 to 3 items'],
    ['an item too many, at its first byte', `{"items":[{},{},{},{`, 'items must be a list of 1 to 3 items'],
    ['items that are no list', '{"items":{', 'items must be a list of 1 to 3 items'],
    ['an unknown field', '{"priority":[', 'unknown field "priority"; known here: items, top_k'],
    ['an item that is wrong and very long', `{"items":[{"a":[${'{},'.repeat(20_000)}`, 'unknown field "items[0].a"'],
    ['a syntax error in an item', '{"items":[{"image":"AAAA",]}', 'the body is not valid JSON'],
    ['an item that never ends', '{"items":[{"a":1}', 'the body is not valid JSON: it ends too early'],
  ])('is refused for %s', (_, body, says) => {
    expect(refusal(() => batch(body)).message).toContain(says);
  });
});
