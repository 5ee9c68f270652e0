import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { postImage, postJson, request } from '#testing/http';
import { randomPng } from '#testing/images';
import { writeVersion } from '#testing/onnx-classifier';
import { writeTensorVersion } from '#testing/onnx-tensors';
import { askInference } from '#testing/open-inference';
import { temporaryFolder, type TemporaryFolder } from '#testing/registry';
import { startServer, type TestServer } from '#testing/server';
import { until } from '#testing/until';

const FIELDS = { id: [7], text: ['seven'] };
const X = { x: [[1.5, -2]], ...FIELDS };

let registry: TemporaryFolder;
let server: TestServer;
beforeAll(async () => {
  registry = temporaryFolder();
  writeTensorVersion(registry.path, 'tensors', 1);
  // The same but for what it multiplies by.
  writeTensorVersion(registry.path, 'tensors', 2, 3);
  writeVersion(registry.path, 'pictures', 1);
  const policy = { revision: 1, aliases: {}, default: 1, shadows: [{ version: 2, percent: 100 }] };
  writeFileSync(join(registry.path, 'tensors/policy.json'), JSON.stringify(policy));
  server = await startServer({
    MODEL_REGISTRY: registry.path,
    MODEL_NAME: 'tensors',
    CACHE_MAX_BYTES: '1000000',
    LOAD: 'all',
  });
});
afterAll(async () => {
  await server.stop();
  registry.remove();
});

const predict = (body: unknown) => postJson(`${server.url}/v1/predict`, body);

describe('a model of tensors', () => {
  it('answers with all of its outputs, each with its type and shape', async () => {
    const { status, body } = await predict({ inputs: X });
    expect(status).toBe(200);
    expect(body.model).toEqual({ name: 'tensors', version: 1, variant: null });
    expect(body.outputs).toEqual({
      double: { datatype: 'FP32', shape: [1, 2], data: [3, -4] },
      ratio: { datatype: 'FP32', shape: [1, 2], data: [1, 1] },
      half: { datatype: 'FP16', shape: [1, 2], data: [1.5, -2] },
      positive: { datatype: 'BOOL', shape: [1, 2], data: [true, false] },
      id_out: { datatype: 'INT64', shape: [1], data: [7] },
      text_out: { datatype: 'BYTES', shape: [1], data: ['seven'] },
    });
    expect(body).not.toHaveProperty('predictions');
  });

  it('takes a shape with its data, answers what was asked for, and knows the answer again', async () => {
    const x = { shape: [2, 2], datatype: 'FP32', data: [0, 1, 2, 3] };
    const asked = { inputs: { x, id: [1, 2], text: ['', 'ä🙂'] }, outputs: ['text_out', 'double'] };
    const first = await predict(asked);
    expect(first.body.outputs).toEqual({
      text_out: { datatype: 'BYTES', shape: [2], data: ['', 'ä🙂'] },
      double: { datatype: 'FP32', shape: [2, 2], data: [0, 2, 4, 6] },
    });
    expect(first.body.cached).toBe(false);
    const again = await predict(asked);
    expect(again.body).toMatchObject({ cached: true, outputs: first.body.outputs });
    const other = await predict({ ...asked, outputs: ['double'] });
    expect(other.body.cached).toBe(false);
  });

  it('keeps what JSON numbers cannot hold: 64-bit integers, NaN, infinity', async () => {
    const id = ['9223372036854775807', -5];
    const x = [
      ['Infinity', 0],
      ['NaN', 1],
    ];
    const { body } = await predict({ inputs: { x, id, text: ['', ''] }, outputs: ['id_out', 'double', 'ratio'] });
    expect(body.outputs.id_out.data).toEqual(id);
    expect(body.outputs.double.data).toEqual(['Infinity', 0, 'NaN', 2]);
    expect(body.outputs.ratio.data).toEqual(['NaN', 'NaN', 'NaN', 1]);
  });

  const WRONG: [string, unknown, string][] = [
    ['an input is missing', { inputs: { x: [[1, 2]], id: [1] } }, 'inputs.text is missing'],
    ['an input is unknown', { inputs: { ...X, y: [1] } }, 'inputs.y is no input of the model; it has x, id, text'],
    ['an output is unknown', { inputs: X, outputs: ['z'] }, 'outputs[0] must be another output'],
    ['the shape is another', { inputs: { ...X, x: [[1, 2, 3]] } }, 'has the shape [1, 3], but the model takes [-1, 2]'],
    ['rows differ', { inputs: { ...X, x: [[1], [1, 2]] } }, 'inputs.x is ragged'],
    ['an element is of another type', { inputs: { ...X, x: [[1, 'two']] } }, 'inputs.x[1] must be a number'],
    ['an integer has a fraction', { inputs: { ...X, id: [1.5] } }, 'inputs.id[0] must be a whole number'],
    ['an integer is not exact', { inputs: { ...X, id: [2 ** 60] } }, 'as a string where it is beyond 2^53'],
    ['data and shape differ', { inputs: { ...X, x: { shape: [2, 2], data: [1] } } }, 'has 1 elements, but the shape'],
    [
      'a datatype is another',
      { inputs: { ...X, x: { shape: [1, 2], datatype: 'FP64', data: [1, 2] } } },
      'must be FP32',
    ],
    ['inputs is a list', { inputs: [1] }, 'inputs must be an object'],
    ['an image is sent', { image: 'aGVsbG8=' }, 'the model takes no image but tensors'],
    ['classes are asked for', undefined, 'top_k is for models that name classes'],
  ];
  it.each(WRONG)('says what is wrong when %s', async (_, body, detail) => {
    const answer =
      body === undefined ? await postJson(`${server.url}/v1/predict?top_k=2`, { inputs: X }) : await predict(body);
    expect(answer.status).toBe(400);
    expect(answer.body.code).toBe('INVALID_REQUEST');
    expect(answer.body.detail).toContain(detail);
  });

  it('answers a batch item by item, the wrong ones with their errors', async () => {
    const items = [{ inputs: X, outputs: ['double'] }, { inputs: { x: [[1, 2]] } }, { image: 'aGVsbG8=' }];
    const { status, body } = await postJson(`${server.url}/v1/predict/batch`, { items });
    expect(status).toBe(200);
    expect(body.results[0].outputs.double.data).toEqual([3, -4]);
    expect(body.results[1].error).toMatchObject({ code: 'INVALID_REQUEST', detail: 'items[1].inputs.id is missing' });
    expect(body.results[2].error.detail).toContain('takes no image');
  });

  it('says what it takes and gives', async () => {
    const { body } = await request(`${server.url}/v1/models/tensors/versions/1`);
    expect(body.inputs).toEqual([
      { name: 'x', datatype: 'FP32', shape: [-1, 2] },
      { name: 'id', datatype: 'INT64', shape: [-1] },
      { name: 'text', datatype: 'BYTES', shape: [-1] },
    ]);
    expect(body.outputs).toContainEqual({ name: 'positive', datatype: 'BOOL', shape: [-1, 2] });
    expect(body.manifest.task).toBe('tensor');
  });

  it('is compared with its shadow number by number', async () => {
    await predict({ inputs: { ...X, x: [[10, 1]] }, outputs: ['id_out', 'double'] });
    const shadow = async () => (await request(`${server.url}/v1/models/tensors/shadow`)).body.shadows[0];
    await until(async () => (await shadow())?.disagreements.length > 0, 'the shadow has answered');
    expect((await shadow()).disagreements[0]).toMatchObject({
      answered: { version: 1, output: 'double', element: 0, value: 20 },
      shadow: { version: 2, output: 'double', element: 0, value: 30 },
    });
  });
});

it('a model of pictures says so when it is sent tensors, and still takes pictures', async () => {
  const url = `${server.url}/v1/models/pictures/predict`;
  const { status, body } = await postJson(url, { inputs: X });
  expect(status).toBe(400);
  expect(body.detail).toContain('this one takes an image');
  expect((await postImage(url, await randomPng())).body.predictions).toHaveLength(5);
});

describe('an answer of many numbers', () => {
  it('is written as the client takes it', async () => {
    const rows = 40_000;
    const numbers = Array.from({ length: 2 * rows }, (_, i) => i);
    const x = { shape: [rows, 2], datatype: 'FP32', data: numbers };
    const inputs = { x, id: Array(rows).fill(7), text: Array(rows).fill('"ä",') };
    const { status, headers, body } = await predict({ inputs });
    expect([status, headers.get('content-length')]).toEqual([200, null]);
    expect(Object.keys(body)).toEqual(['request_id', 'model', 'outputs', 'cached', 'timing_ms']);
    expect(body.outputs.double).toEqual({ ...x, data: numbers.map((each) => 2 * each) });
    expect(body.outputs.text_out).toEqual({ shape: [rows], datatype: 'BYTES', data: inputs.text });
    // Not kept: to encode it would hold up everybody.
    expect((await predict({ inputs, outputs: ['double'] })).body.cached).toBe(false);
  });

  it('has some of its outputs in JSON and some behind it, where they are asked for so', async () => {
    const rows = 100_000;
    const x = Buffer.from(Float32Array.from({ length: 2 * rows }, (_, i) => i).buffer);
    const id = Buffer.from(BigInt64Array.from({ length: rows }, (_, i) => 2n ** 60n + BigInt(i)).buffer);
    const outputs = [{ name: 'id_out' }, { name: 'double', parameters: { binary_data: true } }];
    const asked = { outputs, inputs: [] };
    const { status, body, raw } = await askInference(
      `${server.url}/v2/models/tensors/infer`,
      asked,
      { name: 'x', datatype: 'FP32', shape: [rows, 2], bytes: x },
      { name: 'id', datatype: 'INT64', shape: [rows], bytes: id },
      { name: 'text', datatype: 'BYTES', shape: [rows], bytes: Buffer.alloc(4 * rows) },
    );
    const [ids, doubled] = body.outputs;
    expect([status, ids.data.length, ids.data[0], doubled.parameters]).toEqual([
      200,
      rows,
      2 ** 60,
      { binary_data_size: 8 * rows },
    ]);
    const numbers = new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length));
    expect([numbers.length, numbers.at(-1)]).toEqual([2 * rows, 2 * (2 * rows - 1)]);
  });
});
