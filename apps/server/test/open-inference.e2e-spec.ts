import { request } from '#testing/http';
import { png, randomPixels, randomPng } from '#testing/images';
import { writeTensorVersion } from '#testing/onnx-tensors';
import { askInference, bytesOf, files, SETTINGS, writeModels, type Binary } from '#testing/open-inference';
import { temporaryFolder, type TemporaryFolder } from '#testing/registry';
import { startServer, type TestServer } from '#testing/server';
import { until } from '#testing/until';

const ADMIN = { 'X-API-Key': 'admin-key' };

let registry: TemporaryFolder;
let server: TestServer;
beforeAll(async () => {
  registry = temporaryFolder();
  writeModels(registry.path);
  server = await startServer({ MODEL_REGISTRY: registry.path, ...SETTINGS });
});
afterAll(async () => {
  await server.stop();
  registry.remove();
});

const get = (path: string) => request(server.url + path);
const post = (path: string, body: string | Uint8Array, headers: Record<string, string> = {}) =>
  request(server.url + path, { method: 'POST', body: body as RequestInit['body'], headers });

const infer = (path: string, json: object, ...tensors: Binary[]) => askInference(server.url + path, json, ...tensors);

const X = [
  { name: 'x', shape: [1, 2], datatype: 'FP32', data: [1.5, -2] },
  { name: 'id', shape: [1], datatype: 'INT64', data: [7] },
  { name: 'text', shape: [1], datatype: 'BYTES', data: ['seven'] },
];
const withInput = (name: string, changes: object) =>
  X.map((input) => (input.name === name ? { ...input, ...changes } : input));
const TENSORS = '/v2/models/tensors/infer';
const PICTURES = '/v2/models/pictures/versions/1/infer';

describe('a model of tensors', () => {
  it('answers with all outputs and their types, under the id that the client gave', async () => {
    const { status, headers, body } = await infer(TENSORS, { inputs: X, id: 'my-request' });
    expect([status, headers.get('content-type'), headers.get('x-model-version')]).toEqual([
      200,
      'application/json',
      '1',
    ]);
    expect(body).toEqual({
      model_name: 'tensors',
      model_version: '1',
      id: 'my-request',
      outputs: [
        { name: 'double', datatype: 'FP32', shape: [1, 2], data: [3, -4] },
        { name: 'ratio', datatype: 'FP32', shape: [1, 2], data: [1, 1] },
        { name: 'half', datatype: 'FP16', shape: [1, 2], data: [1.5, -2] },
        { name: 'positive', datatype: 'BOOL', shape: [1, 2], data: [true, false] },
        { name: 'id_out', datatype: 'INT64', shape: [1], data: [7] },
        { name: 'text_out', datatype: 'BYTES', shape: [1], data: ['seven'] },
      ],
    });
  });

  it('keeps 64-bit integers as they are, written as numbers both ways', async () => {
    const body = JSON.stringify({ inputs: X, outputs: [{ name: 'id_out' }] }).replace('[7]', '[-9223372036854775807]');
    expect((await post(TENSORS, body)).text).toContain('"data":[-9223372036854775807]');
  });

  it('takes bytes for some inputs, and gives them for those outputs of which they are wanted', async () => {
    const x = { name: 'x', datatype: 'FP32', shape: [1, 2], bytes: Buffer.from(Float32Array.of(0.1, NaN).buffer) };
    const id = {
      name: 'id',
      datatype: 'INT64',
      shape: [1],
      bytes: Buffer.from(BigInt64Array.of(2n ** 62n + 1n).buffer),
    };
    const outputs = ['half', 'id_out', 'text_out', 'double'].map((name, i) => ({
      name,
      parameters: { binary_data: i < 3 },
    }));
    const { headers, body, raw } = await infer(TENSORS, { inputs: [X[2]], outputs }, x, id);
    expect(headers.get('content-type')).toBe('application/octet-stream');
    expect(body.outputs.map(({ parameters }: { parameters?: object }) => parameters)).toEqual([
      { binary_data_size: 4 },
      { binary_data_size: 8 },
      { binary_data_size: 9 },
      undefined,
    ]);
    // 0.1 and NaN in float16
    expect(raw.subarray(0, 4).toString('hex')).toMatch(/^662e..7e$|^662e..fe$/);
    expect(raw.readBigInt64LE(4)).toBe(2n ** 62n + 1n);
    expect(String(raw.subarray(16))).toBe('seven');
    expect(body.outputs[3].data).toEqual([Math.fround(0.2), 'NaN']);
  });

  it('gives all outputs as bytes where the request as a whole says so', async () => {
    const { body, raw } = await infer(TENSORS, {
      inputs: X,
      parameters: { binary_data_output: true },
      outputs: [{ name: 'positive' }],
    });
    expect([body.outputs[0].parameters.binary_data_size, [...raw]]).toEqual([2, [1, 0]]);
  });

  it.each<[string, object, string]>([
    ['a shape with -1', { inputs: withInput('x', { shape: [-1, 2] }) }, 'inputs.x.shape must be a list'],
    ['a shape with 2^40', { inputs: withInput('x', { shape: [2 ** 40, 2] }) }, 'inputs.x.shape must be a list'],
    [
      'another shape',
      { inputs: withInput('x', { shape: [2, 1] }) },
      'has the shape [2, 1], but the model takes [-1, 2]',
    ],
    [
      'a shape for other data',
      { inputs: withInput('x', { shape: [2, 2] }) },
      'inputs.x.data has 2 elements, but the shape [2, 2] has 4',
    ],
    ['another type', { inputs: withInput('x', { datatype: 'FP64' }) }, 'inputs.x.datatype must be FP32'],
    [
      'an unknown input',
      { inputs: [...X, { ...X[0], name: 'y' }] },
      'inputs.y is no input of the model; it has x, id, text',
    ],
    ['a missing input', { inputs: X.slice(1) }, 'inputs.x is missing'],
    ['an unknown output', { inputs: X, outputs: [{ name: 'z' }] }, 'outputs[0] must be another output of the model'],
    [
      'classes of numbers',
      { inputs: X, outputs: [{ name: 'double', parameters: { classification: 1 } }] },
      'is for models that name classes',
    ],
    [
      'an integer beyond 64 bits',
      { inputs: withInput('id', { data: ['9223372036854775808'] }) },
      'inputs.id.data[0] must be a whole number',
    ],
    [
      'another model in the body',
      { inputs: X, model_name: 'pictures' },
      'model_name is "pictures" in the body, but the path names tensors',
    ],
    ['another version in the body', { inputs: X, model_version: '9' }, 'model_version is "9" in the body'],
  ])('says what is wrong with %s', async (_, json, error) => {
    const { status, headers, body } = await infer(TENSORS, json);
    expect([status, headers.get('content-type')]).toEqual([400, 'application/json']);
    expect(body).toEqual({ error: expect.stringContaining(error) });
  });

  it.each<[string, Partial<Binary>, string]>([
    ['fewer bytes than the shape has', { bytes: Buffer.alloc(4) }, 'has 4 bytes, but the shape [1, 2] of FP32 has 8'],
    ['no bytes', { bytes: Buffer.alloc(0) }, 'has 0 bytes'],
    ['a file in a tensor', { bytes: Buffer.from('\x89PNG\r\n') }, 'has 7 bytes, but the shape'],
    [
      'a string longer than what is left',
      { name: 'text', datatype: 'BYTES', shape: [1], bytes: Buffer.from([9, 0, 0, 0, 65]) },
      'inputs.text[0] says that it has 9 bytes, but 1 are left',
    ],
    [
      'a string of 4 GB',
      { name: 'text', datatype: 'BYTES', shape: [1], bytes: Buffer.from([255, 255, 255, 255]) },
      'says that it has 4294967295 bytes',
    ],
    [
      'fewer strings',
      { name: 'text', datatype: 'BYTES', shape: [2], bytes: Buffer.from([1, 0, 0, 0, 65]) },
      'inputs.text has 1 elements, but its shape has 2',
    ],
    [
      'more strings',
      { name: 'text', datatype: 'BYTES', shape: [1], bytes: Buffer.from([1, 0, 0, 0, 65, 0, 0, 0, 0]) },
      'has 4 bytes more than its 1 elements',
    ],
    [
      'a string that is none',
      { name: 'text', datatype: 'BYTES', shape: [1], bytes: Buffer.from([1, 0, 0, 0, 255]) },
      'inputs.text[0] is not UTF-8',
    ],
  ])('refuses %s', async (_, changes, error) => {
    const tensor = { name: 'x', datatype: 'FP32', shape: [1, 2], bytes: Buffer.alloc(8), ...changes };
    const { status, body } = await infer(TENSORS, { inputs: X.filter(({ name }) => name !== tensor.name) }, tensor);
    expect([status, body]).toEqual([400, { error: expect.stringContaining(error) }]);
  });

  it('has its shadow asked, and gives other versions by number and alias', async () => {
    const { body } = await infer('/v2/models/tensors/versions/challenger/infer', { inputs: X });
    expect([body.model_version, body.outputs[0].data]).toEqual(['2', [4.5, -6]]);
    await infer(TENSORS, { inputs: X });
    const shadow = async () => (await get('/v1/models/tensors/shadow')).body.shadows[0];
    await until(async () => (await shadow())?.disagreements.length > 0, 'the shadow has answered');
  });
});

describe('a classifier of images', () => {
  it('takes files and gives their scores, in the order of the labels', async () => {
    const pictures = await Promise.all([randomPng(), randomPng(), randomPng()]);
    const { status, body } = await infer(PICTURES, {}, files(...pictures));
    expect([status, body.model_version]).toEqual([200, '1']);
    const [{ data, ...rest }] = body.outputs;
    expect(rest).toEqual({ name: 'output', datatype: 'FP32', shape: [3, 10] });
    for (const [i, picture] of pictures.entries()) {
      const scores = data.slice(i * 10, (i + 1) * 10);
      const { predictions } = (
        await post('/v1/models/pictures/versions/1/predict?top_k=10', picture, { 'Content-Type': 'image/png' })
      ).body;
      for (const { class_id, confidence } of predictions) expect(scores[class_id]).toBeCloseTo(confidence, 6);
    }
  });

  it('takes them as [N, 1], in base64, and alone as the body', async () => {
    const picture = await randomPng();
    const scores = (await infer(PICTURES, {}, files(picture))).body.outputs[0].data;
    const column = { ...files(picture), shape: [1, 1] };
    expect((await infer(PICTURES, {}, column)).body.outputs[0].data).toEqual(scores);
    const text = { name: 'input', datatype: 'BYTES', shape: [1], data: [picture.toString('base64')] };
    expect((await infer(PICTURES, { inputs: [text] })).body.outputs[0].data).toEqual(scores);
    const alone = await bytesOf(server.url + PICTURES, {
      method: 'POST',
      body: picture,
      headers: { 'Inference-Header-Content-Length': '0' },
    });
    expect(alone.body.outputs).toEqual([
      { name: 'output', datatype: 'FP32', shape: [1, 10], parameters: { binary_data_size: 40 } },
    ]);
    expect([...new Float32Array(Uint8Array.from(alone.raw).buffer)]).toEqual(scores.map(Math.fround));
  });

  it('takes pixels that are ready for its graph, several at once', async () => {
    const pixels = [randomPixels(), randomPixels()];
    const planes = pixels.map((rgb) =>
      Float32Array.from({ length: 192 }, (_, i) => rgb[(i % 64) * 3 + Math.floor(i / 64)]! / 255),
    );
    const bytes = Buffer.concat(planes.map(({ buffer }) => Buffer.from(buffer)));
    const ready = { name: 'input', datatype: 'FP32', shape: [2, 3, 8, 8], bytes };
    const scores = (await infer(PICTURES, {}, ready)).body.outputs[0].data;
    const same = await infer(PICTURES, {}, files(...(await Promise.all(pixels.map((rgb) => png(rgb))))));
    same.body.outputs[0].data.forEach((score: number, i: number) => expect(scores[i]).toBeCloseTo(score, 5));
    const asJson = { ...ready, bytes: undefined, data: [...planes[0]!, ...planes[1]!] };
    expect((await infer(PICTURES, { inputs: [asJson] })).body.outputs[0].data).toEqual(scores);
  });

  it('names its best classes where they are wanted', async () => {
    const pictures = [await randomPng(), await randomPng()];
    const outputs = [{ name: 'output', parameters: { classification: 3, binary_data: false } }];
    const { body } = await infer(PICTURES, { outputs }, files(...pictures));
    expect(body.outputs[0]).toMatchObject({ datatype: 'BYTES', shape: [2, 3] });
    const { predictions } = (
      await post('/v1/models/pictures/versions/1/predict?top_k=3', pictures[1]!, { 'Content-Type': 'image/png' })
    ).body;
    expect(body.outputs[0].data.slice(3)).toEqual(
      predictions.map(
        ({ confidence, class_id, label }: { confidence: number; class_id: number; label: string }) =>
          `${confidence.toFixed(6)}:${class_id}:${label}`,
      ),
    );
  });

  it('gives all scores of a multi-label model, whatever its threshold', async () => {
    const picture = files(await randomPng());
    const [{ data }] = (await infer('/v2/models/tags/infer', {}, picture)).body.outputs;
    expect(data.filter((score: number) => score > 0)).toHaveLength(10);
    expect(Math.min(...data)).toBeLessThan(0.9);
    const outputs = [{ name: 'output', parameters: { classification: 10 } }];
    const words = (await infer('/v2/models/tags/infer', { outputs }, picture)).body.outputs[0].data;
    expect(words).toHaveLength(10);
    for (const word of words) {
      const [score, index] = word.split(':');
      expect(Number(score)).toBeCloseTo(data[index], 5);
    }
  });

  it('names the picture that is none, and answers none of the others', async () => {
    const { status, body } = await infer(PICTURES, {}, files(await randomPng(), Buffer.from('%PDF-1.7 no picture')));
    expect([status, body.error]).toEqual([400, expect.stringMatching(/^inputs\.input\[1\]: .*PDF/)]);
  });

  const pixels = (changes: Partial<Binary>): Binary => ({
    name: 'input',
    datatype: 'FP32',
    shape: [1, 3, 8, 8],
    bytes: Buffer.alloc(768),
    ...changes,
  });
  const OUTPUT = (changes: object) => ({ outputs: [{ name: 'output', ...changes }] });
  it.each<[string, object, Binary, string]>([
    ['no picture', {}, { ...files(), shape: [0] }, 'shape must be of 1 to 4 pictures (MAX_BATCH_ITEMS=4), and has 0'],
    ['too many', {}, files(...Array<Buffer>(5).fill(Buffer.from('x'))), '4 pictures (MAX_BATCH_ITEMS=4), and has 5'],
    ['an empty one', {}, files(Buffer.alloc(0)), 'inputs.input[0] is empty'],
    ['another shape', {}, { ...files(Buffer.from('x')), shape: [1, 1, 1] }, 'must be [N] or [N, 1]'],
    [
      'pixels of another type',
      {},
      pixels({ datatype: 'UINT8', bytes: Buffer.alloc(192) }),
      'the model takes [N, 3, 8, 8] of FP32, or [N] of BYTES',
    ],
    ['pixels of another shape', {}, pixels({ shape: [1, 8, 8, 3] }), 'is [1, 8, 8, 3] of FP32'],
    ['pixels that are no numbers', {}, pixels({ bytes: Buffer.alloc(768, 0xff) }), 'has a value that is no number'],
    [
      'a file as pixels',
      {},
      pixels({ bytes: Buffer.alloc(500) }),
      'has 500 bytes, but the shape [1, 3, 8, 8] of FP32 has 768',
    ],
    [
      'another name',
      {},
      { ...files(Buffer.from('x')), name: 'image' },
      'inputs.image is no input of the model; it has input',
    ],
    [
      'another output',
      { outputs: [{ name: 'scores' }] },
      files(Buffer.from('x')),
      'must be the model\'s only output, "output"',
    ],
    [
      'more classes than there are',
      OUTPUT({ parameters: { classification: 11 } }),
      files(Buffer.from('x')),
      'must be at most 10',
    ],
  ])('refuses %s', async (_, json, tensor, error) => {
    const { status, body } = await infer(PICTURES, json, tensor);
    expect([status, body]).toEqual([400, { error: expect.stringContaining(error) }]);
  });

  it('is refused what is no base64', async () => {
    const text = { name: 'input', datatype: 'BYTES', shape: [1], data: ['not base64!'] };
    expect((await infer(PICTURES, { inputs: [text] })).body.error).toBe('inputs.input.data[0] is not valid base64');
  });

  it('is asked by the split without a version: the same key gets the same variant as by /v1', async () => {
    const picture = await randomPng();
    const seen = new Set<string>();
    for (let i = 0; i < 12; i++) {
      const headers = { 'X-Routing-Key': `user-${i}`, 'Inference-Header-Content-Length': '0' };
      const mine = await post('/v2/models/pictures/infer', picture, headers);
      const { 'X-Routing-Key': key } = headers;
      const other = await post('/v1/models/pictures/predict', picture, {
        'X-Routing-Key': key,
        'Content-Type': 'image/png',
      });
      const variant = mine.headers.get('x-model-variant');
      expect(variant).toBe(other.headers.get('x-model-variant'));
      seen.add(variant!);
    }
    expect([...seen].sort()).toEqual(['new', 'old']);
  });
});

describe('what is served', () => {
  it('is said of the server, live and ready', async () => {
    expect((await get('/v2')).body).toMatchObject({
      name: 'eyrie',
      extensions: expect.arrayContaining(['binary_tensor_data']),
    });
    for (const path of ['live', 'ready']) {
      const { status, body } = await get(`/v2/health/${path}`);
      expect([status, body]).toEqual([200, { live: true, ready: true }]);
    }
  });

  it('is said of each model, with a version, an alias or none', async () => {
    expect((await get('/v2/models/tensors')).body).toMatchObject({
      name: 'tensors',
      versions: ['1', '2'],
      platform: 'onnxruntime_onnx',
      inputs: [
        { name: 'x', datatype: 'FP32', shape: [-1, 2] },
        { name: 'id', datatype: 'INT64', shape: [-1] },
        { name: 'text', datatype: 'BYTES', shape: [-1] },
      ],
    });
    const { inputs, outputs } = (await get('/v2/models/pictures/versions/champion')).body;
    expect(inputs).toEqual([{ name: 'input', datatype: 'FP32', shape: [-1, 3, 8, 8] }]);
    expect(outputs).toEqual([{ name: 'output', datatype: 'FP32', shape: [-1, 10] }]);
    expect((await get('/v2/models/pictures/ready')).body).toEqual({ name: 'pictures', ready: true });
    expect((await get('/v2/models/pictures/versions/2/ready')).body).toEqual({
      name: 'pictures',
      version: '2',
      ready: true,
    });
    expect((await get('/v2/models/pictures/config')).body).toMatchObject({
      max_batch_size: 4,
      input: [{ name: 'input', data_type: 'TYPE_FP32', format: 'FORMAT_NCHW', dims: [3, 8, 8] }],
      output: [{ name: 'output', data_type: 'TYPE_FP32', dims: [10] }],
    });
    expect((await get('/v2/models/tensors/versions/2/config')).body).toMatchObject({ max_batch_size: 0 });
  });

  it('is counted by version', async () => {
    const of = async (path: string) => (await get(path)).body.model_stats;
    const [before] = await of('/v2/models/tensors/versions/2/stats');
    await infer('/v2/models/tensors/versions/2/infer', { inputs: X });
    const [after] = await of('/v2/models/tensors/versions/2/stats');
    expect(after.inference_stats.success.count).toBe(before.inference_stats.success.count + 1);
    expect(after.inference_stats.compute_infer.ns).toBeGreaterThan(before.inference_stats.compute_infer.ns);
    expect(after.last_inference).toBeGreaterThan(Date.now() - 60_000);
    expect(await of('/v2/models/stats')).toHaveLength(5);
    expect(await of('/v2/models/pictures/stats')).toHaveLength(2);
  });

  it.each<[string, number, string]>([
    ['/v2/models/nobody', 404, 'there is no model "nobody"'],
    ['/v2/models/nobody/ready', 404, 'there is no model "nobody"'],
    ['/v2/models/tensors/versions/9', 404, 'tensors has no version 9'],
    ['/v2/models/tensors/versions/none/ready', 404, 'tensors has no alias "none"'],
    ['/v2/models/UPPER', 400, 'model must be the name of a model'],
    ['/v2/models/tensors/trace/setting', 404, 'Cannot GET'],
    ['/v2/nope', 404, 'Cannot GET'],
    ['/v2/models/tensors/infer', 405, 'has no GET'],
    ['/v2/models/tensors?verbose=1', 400, 'query parameter "verbose" is not known here'],
  ])('%s is answered with %i in the form of the protocol', async (path, status, error) => {
    const answer = await get(path);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'application/json']);
    expect(answer.body).toEqual({ error: expect.stringContaining(error) });
  });
});

describe('the repository', () => {
  const index = async (body = '') => (await post('/v2/repository/index', body)).body;

  it('lists all versions, or those that are ready', async () => {
    expect(
      (await index()).map(({ name, version, state }: Record<string, string>) => `${name} ${version} ${state}`),
    ).toEqual(['pictures 1 READY', 'pictures 2 READY', 'tags 1 READY', 'tensors 1 READY', 'tensors 2 READY']);
    expect(await index('{"ready":true}')).toHaveLength(5);
    expect(await index('{"ready":1}')).toEqual({ error: 'ready must be true or false' });
  });

  it('loads and unloads for who has an admin key, and nobody else', async () => {
    writeTensorVersion(registry.path, 'tensors', 3, 5);
    const path = '/v2/repository/models/tensors';
    const one = JSON.stringify({ parameters: { version: '3' } });
    expect((await post(`${path}/load`, one)).status).toBe(401);
    const loaded = await post(`${path}/load`, one, ADMIN);
    expect([loaded.status, loaded.body]).toEqual([
      200,
      [{ name: 'tensors', version: '3', state: 'READY', reason: '' }],
    ]);
    const { body } = await infer('/v2/models/tensors/versions/3/infer', { inputs: X });
    expect(body.outputs[0].data).toEqual([7.5, -10]);
    const unloaded = await post(`${path}/unload`, one, ADMIN);
    expect(unloaded.body[0]).toMatchObject({ state: 'UNAVAILABLE', reason: 'unloaded' });
    const { status, body: ready } = await get('/v2/models/tensors/versions/3/ready');
    expect([status, ready.ready]).toEqual([503, false]);
    expect((await infer('/v2/models/tensors/versions/3/infer', { inputs: X })).status).toBe(503);
    expect(server.log.filter(({ change }) => String(change).includes('load tensors version 3'))).toHaveLength(2);
  });

  it('loads what the policy names, does not unload it, and takes no other configuration', async () => {
    const path = '/v2/repository/models/tensors';
    expect((await post(`${path}/load`, '{}', ADMIN)).body.map(({ version }: { version: string }) => version)).toEqual([
      '1',
      '2',
    ]);
    const refused = await post(`${path}/unload`, '{"parameters":{"unload_dependents":false}}', ADMIN);
    expect([refused.status, refused.body.error]).toEqual([
      409,
      expect.stringContaining('the policy of tensors names version 1, 2'),
    ]);
    const other = await post(`${path}/load`, '{"parameters":{"config":"{}"}}', ADMIN);
    expect([other.status, other.body.error]).toEqual([
      400,
      expect.stringContaining('parameters.config is not known here'),
    ]);
  });
});
