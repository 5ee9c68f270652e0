import { connect } from 'node:net';
import { register } from 'prom-client';
import { decode, encode, framed, GrpcClient } from '#testing/grpc';
import { request } from '#testing/http';
import { randomPng } from '#testing/images';
import { elements, SETTINGS, writeModels } from '#testing/open-inference';
import { temporaryFolder, type TemporaryFolder } from '#testing/registry';
import { startServer, type TestServer } from '#testing/server';
import { until } from '#testing/until';
import { GrpcServer } from '../src/grpc/grpc-server';
import { BodyBudget } from '../src/overload/body-budget';

const ADMIN = { 'x-api-key': 'admin-key' };
const READER = { authorization: 'Bearer read-key' };
const MIB = 1024 * 1024;

interface Port {
  name: string;
  datatype: string;
  shape: string[];
}

let registry: TemporaryFolder;
let server: TestServer;
let client: GrpcClient;
let port: number;
beforeAll(async () => {
  registry = temporaryFolder();
  writeModels(registry.path);
  server = await startServer({
    MODEL_REGISTRY: registry.path,
    MAX_REQUEST_BYTES: String(24 * MIB),
    ...SETTINGS,
  });
  port = await server.app.get(GrpcServer).listen(0);
  client = await GrpcClient.connect(port);
});
afterAll(async () => {
  client.close();
  await server.stop();
  registry.remove();
});

const int64 = (...values: bigint[]) => Buffer.from(BigInt64Array.from(values).buffer);
const fp32 = (...values: number[]) => Buffer.from(Float32Array.from(values).buffer);

const X = { name: 'x', datatype: 'FP32', shape: [1, 2] };
const ID = { name: 'id', datatype: 'INT64', shape: [1] };
const TEXT = { name: 'text', datatype: 'BYTES', shape: [1] };
const RAW = {
  modelName: 'tensors',
  inputs: [X, ID, TEXT],
  rawInputContents: [fp32(1.5, -2), int64(2n ** 62n + 1n), elements(Buffer.from('seven'))],
};
const CONTENTS = {
  modelName: 'tensors',
  inputs: [
    { ...X, contents: { fp32Contents: [1.5, -2] } },
    { ...ID, contents: { int64Contents: ['-9223372036854775807'] } },
    { ...TEXT, contents: { bytesContents: [Buffer.from('seven')] } },
  ],
};
const pictures = (...files: Uint8Array[]) => ({
  modelName: 'pictures',
  modelVersion: '1',
  inputs: [{ name: 'input', datatype: 'BYTES', shape: [files.length] }],
  rawInputContents: [elements(...files)],
});

describe('a request for tensors', () => {
  it('is answered with all outputs as bytes, under the id that the client gave', async () => {
    const answer = await client.ask('ModelInfer', { ...RAW, id: 'mine' });
    expect([answer.modelName, answer.modelVersion, answer.id]).toEqual(['tensors', '1', 'mine']);
    expect(answer.outputs.map(({ name, datatype, shape }: Port) => [name, datatype, shape])).toEqual([
      ['double', 'FP32', ['1', '2']],
      ['ratio', 'FP32', ['1', '2']],
      ['half', 'FP16', ['1', '2']],
      ['positive', 'BOOL', ['1', '2']],
      ['id_out', 'INT64', ['1']],
      ['text_out', 'BYTES', ['1']],
    ]);
    const [double, , half, positive, id, text] = answer.rawOutputContents as Buffer[];
    expect([...new Float32Array(Uint8Array.from(double!).buffer)]).toEqual([3, -4]);
    expect([half!.length, [...positive!]]).toEqual([4, [1, 0]]);
    expect([id!.readBigInt64LE(), text!.toString('utf8', 4)]).toEqual([2n ** 62n + 1n, 'seven']);
  });

  it('holds its answer among the bodies of all requests', async () => {
    const grow = jest.spyOn(server.app.get(BodyBudget), 'growByAnswer');
    const { rawOutputContents } = await client.ask('ModelInfer', RAW);
    const size = (rawOutputContents as Buffer[]).reduce((sum, { length }) => sum + length, 0);
    expect(grow).toHaveBeenCalledWith(expect.anything(), size);
    const call = client.open('ModelStreamInfer');
    call.send('ModelInferRequest', RAW);
    call.stream.end();
    await call.outcome;
    expect(grow).toHaveBeenCalledTimes(2);
    await until(() => server.app.get(BodyBudget).used === 0, 'all is given back');
    grow.mockRestore();
  });

  it('may have its elements one by one, 64-bit integers exact', async () => {
    const answer = await client.ask('ModelInfer', { ...CONTENTS, outputs: [{ name: 'id_out' }, { name: 'double' }] });
    expect(answer.outputs.map(({ name }: Port) => name)).toEqual(['id_out', 'double']);
    const [id, double] = answer.rawOutputContents as Buffer[];
    expect(id!.readBigInt64LE()).toBe(-9223372036854775807n);
    expect([...new Float32Array(Uint8Array.from(double!).buffer)]).toEqual([3, -4]);
  });

  it('is told which version answers, and its own request id, in the metadata', async () => {
    const { metadata } = await client.call('ModelInfer', RAW, { 'x-request-id': 'my-call' });
    expect([metadata['x-request-id'], metadata['x-model-version']]).toEqual(['my-call', '1']);
    await until(() => server.log.some((line) => line.request_id === 'my-call'), 'it is logged');
    expect(server.log.find((line) => line.request_id === 'my-call')).toMatchObject({
      path: '/inference.GRPCInferenceService/ModelInfer',
      status: 200,
      grpc_status: 0,
      model: 'tensors',
      version: 1,
    });
  });
});

describe('a request with pictures', () => {
  it('is answered as over /v1, several in one request, of shape [N]', async () => {
    const files = [await randomPng(), await randomPng()];
    const answer = await client.ask('ModelInfer', pictures(...files));
    expect(answer.outputs[0]).toMatchObject({ datatype: 'FP32', shape: ['2', '10'] });
    const scores = new Float32Array(Uint8Array.from(answer.rawOutputContents[0] as Buffer).buffer);
    for (const [i, body] of files.entries()) {
      const path = '/v1/models/pictures/versions/1/predict?top_k=10';
      const headers = { 'Content-Type': 'application/octet-stream' };
      const rest = await request(server.url + path, { method: 'POST', body: body as RequestInit['body'], headers });
      for (const { class_id, confidence } of rest.body.predictions) {
        expect(scores[i * 10 + class_id]).toBeCloseTo(confidence, 4);
      }
    }
  });

  it('may want its best classes in words', async () => {
    const outputs = [{ name: 'logits', parameters: { classification: { int64Param: 2 } } }];
    const { outputs: names } = await client.ask('ModelMetadata', { name: 'pictures' });
    outputs[0]!.name = names[0].name;
    const answer = await client.ask('ModelInfer', { ...pictures(await randomPng()), outputs });
    expect(answer.outputs[0]).toMatchObject({ datatype: 'BYTES', shape: ['1', '2'] });
    expect(String(answer.rawOutputContents[0])).toMatch(/0\.\d{6}:\d:/);
  });
});

it('tells what there is, as its form over HTTP does', async () => {
  expect(await client.ask('ServerLive')).toEqual({ live: true });
  expect(await client.ask('ServerReady')).toEqual({ ready: true });
  expect(await client.ask('ModelReady', { name: 'tensors', version: 'challenger' })).toEqual({ ready: true });
  const [overHttp, metadata] = [
    (await request(`${server.url}/v2/models/tensors`)).body,
    await client.ask('ModelMetadata', { name: 'tensors' }),
  ];
  const numbers = ({ shape, ...port }: Port) => ({ ...port, shape: shape.map(Number) });
  expect({ ...metadata, inputs: metadata.inputs.map(numbers), outputs: metadata.outputs.map(numbers) }).toEqual(
    overHttp,
  );
  const { config } = await client.ask('ModelConfig', { name: 'pictures' });
  expect(config).toMatchObject({ maxBatchSize: 4, input: [{ dataType: 'TYPE_FP32', format: 'FORMAT_NCHW' }] });
  const { modelStats } = await client.ask('ModelStatistics', { name: 'tensors' });
  expect(modelStats).toHaveLength(2);
  expect(Number(modelStats[0].inferenceStats.success.count)).toBeGreaterThan(0);
  const index = (await request(`${server.url}/v2/repository/index`, { method: 'POST' })).body;
  expect((await client.ask('RepositoryIndex')).models).toMatchObject(index.map(({ name }: Port) => ({ name })));
});

describe('what is wrong with a request', () => {
  const withInput = (changes: object, more: object = {}) => ({
    ...RAW,
    inputs: [{ ...X, ...changes }, ID, TEXT],
    ...more,
  });
  it.each<[string, object, number, string | RegExp]>([
    ['both ways of sending', { ...RAW, inputs: CONTENTS.inputs }, 3, 'raw_input_contents is there together with'],
    ['fewer bytes', { ...RAW, rawInputContents: [fp32(1), ...RAW.rawInputContents.slice(1)] }, 3, 'inputs.x'],
    ['too few tensors', { ...RAW, rawInputContents: RAW.rawInputContents.slice(1) }, 3, 'has 2 tensors'],
    ['a size of -1', withInput({ shape: [-1, 2] }), 3, 'inputs.x.shape'],
    ['a size of 0', withInput({ shape: [0, 2] }), 3, 'inputs.x'],
    ['a size of 2^40', withInput({ shape: [2 ** 40, 2] }), 3, 'inputs.x'],
    ['a size beyond 2^62', withInput({ shape: ['4611686018427387905', 2] }), 3, 'inputs.x.shape'],
    ['an unknown input', withInput({ name: 'y' }), 3, 'y'],
    ['an input twice', withInput({ name: 'id' }), 3, 'is there twice'],
    ['no inputs', { modelName: 'tensors' }, 3, 'inputs is missing'],
    ['an unknown datatype', withInput({ datatype: 'FP8' }), 3, 'inputs.x.datatype'],
    [
      'contents of FP16',
      { modelName: 'tensors', inputs: [{ ...X, datatype: 'FP16', contents: {} }] },
      3,
      'raw_input_contents',
    ],
    [
      'the contents of another type',
      { modelName: 'tensors', inputs: [{ ...X, contents: { intContents: [1, 2] } }] },
      3,
      'fp32_contents',
    ],
    [
      'BYTES that run out',
      { ...RAW, rawInputContents: [fp32(1, 2), int64(1n), Buffer.from([9, 0, 0, 0, 65])] },
      3,
      'inputs.text',
    ],
    ['an unknown parameter', { ...RAW, parameters: { nonsense: { boolParam: true } } }, 3, 'parameters.nonsense'],
    ['a sequence', { ...RAW, parameters: { sequence_id: { int64Param: 7 } } }, 3, 'parameters.sequence_id'],
    [
      'shared memory',
      withInput({ parameters: { shared_memory_region: { stringParam: 'a' } } }),
      3,
      'no memory is shared',
    ],
    ['10,000 inputs', { ...RAW, inputs: Array.from({ length: 10_000 }, () => X) }, 3, 'more than 1000'],
    ['no model', { ...RAW, modelName: '' }, 3, 'model_name'],
    ['an unknown model', { ...RAW, modelName: 'nobody' }, 5, 'nobody'],
    ['an unknown version', { ...RAW, modelVersion: '9' }, 5, 'version 9'],
    ['a picture that is none', pictures(Buffer.from('hello')), 3, /image/],
    [
      'classification of tensors',
      { ...RAW, outputs: [{ name: 'double', parameters: { classification: { int64Param: 1 } } }] },
      3,
      'classification',
    ],
  ])('%s is said', async (_, message, status, words) => {
    const outcome = await client.call('ModelInfer', message);
    expect([outcome.status, outcome.message]).toEqual([
      status,
      expect.stringMatching(words instanceof RegExp ? words : new RegExp(words.replace(/[[\].^+]/g, '\\$&'))),
    ]);
  });

  it('INT8 beyond its range is said, and where', async () => {
    const input = { name: 'x', datatype: 'INT8', shape: [2], contents: { intContents: [1, 200] } };
    const { status, message } = await client.call('ModelInfer', { modelName: 'tensors', inputs: [input] });
    expect([status, message]).toEqual([3, 'inputs[0].contents.int_contents[1] is out of the range of its datatype']);
  });

  it.each<[string, Buffer, number, string]>([
    ['bytes that are no message', framed(Buffer.from('ffffffffffffffffffffffff', 'hex')), 3, 'is no ModelInferRequest'],
    [
      'a varint without an end',
      framed(Buffer.concat([encode('ModelInferRequest', { modelName: 'tensors' }), Buffer.from([0x2a, 0xff])])),
      3,
      'is no ModelInferRequest',
    ],
    ['half a message', framed(Buffer.alloc(10), { length: 100 }), 3, 'in the middle of a message'],
    ['half a prefix', Buffer.from([0, 0]), 3, 'in the middle of a message'],
    ['no message', Buffer.alloc(0), 3, 'has no message'],
    ['two messages', Buffer.concat([framed(Buffer.alloc(0)), framed(Buffer.alloc(0))]), 3, 'more than one message'],
    ['a compressed message', framed(Buffer.alloc(10), { flag: 1 }), 12, 'compressed'],
    ['100 MB', framed(Buffer.alloc(10), { length: 100 * MIB }), 8, 'MAX_REQUEST_BYTES'],
  ])('%s is said on the wire', async (_, sent, status, words) => {
    const outcome = await client.call('ModelInfer', sent);
    expect([outcome.status, outcome.message]).toEqual([status, expect.stringContaining(words)]);
  });

  it('what is no call of gRPC gets a status of HTTP, an unknown method UNIMPLEMENTED', async () => {
    const html = await client.open('ModelInfer', { 'content-type': 'text/html' }).outcome;
    expect([html.metadata[':status'], html.status]).toEqual([415, undefined]);
    expect((await client.call('Nothing', Buffer.alloc(0))).status).toBe(12);
    expect((await client.call('ServerLive', {}, { 'grpc-timeout': 'soon' })).message).toContain('grpc-timeout');
  });

  it('metadata of 64 KB is turned away, and the connection and others serve on', async () => {
    const other = await GrpcClient.connect(port);
    const outcome = await other.call('ModelInfer', RAW, { 'x-large': 'a'.repeat(64 * 1024) });
    expect(outcome.status).not.toBe(0);
    other.close();
    expect(await client.ask('ServerLive')).toEqual({ live: true });
  });

  it('a client that speaks HTTP/1, or nonsense, is cut off, and nobody else', async () => {
    for (const text of ['GET / HTTP/1.1\r\nHost: a\r\n\r\n', '\0'.repeat(100)]) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined).resume();
      const closed = new Promise((resolve) => socket.once('close', resolve));
      socket.write(text);
      await closed;
    }
    expect(await client.ask('ServerLive')).toEqual({ live: true });
  });
});

describe('who may', () => {
  it('load needs the scope admin, as over HTTP', async () => {
    const load = { modelName: 'tensors' };
    const without = await client.call('RepositoryModelLoad', load);
    expect([without.status, without.metadata['error-code']]).toEqual([16, 'UNAUTHENTICATED']);
    expect((await client.call('RepositoryModelLoad', load, READER)).status).toBe(16);
    expect(await client.ask('RepositoryModelLoad', load, ADMIN)).toEqual({ modelName: 'tensors', isLoaded: true });
    // As KServe’s clients write it.
    expect(await client.ask('RepositoryModelLoad', { repositoryName: 'tensors' }, ADMIN)).toMatchObject({
      isLoaded: true,
    });
    const unload = await client.call('RepositoryModelUnload', load, ADMIN);
    expect([unload.status, unload.metadata['error-code']]).toEqual([9, 'CONFLICT']);
  });
});

describe('a client that does not wait', () => {
  it('is told when its deadline is over, and its work is given up', async () => {
    const { status, message } = await client.call('ModelInfer', pictures(await randomPng(), await randomPng()), {
      'grpc-timeout': '1u',
    });
    expect([status, message]).toEqual([4, expect.stringContaining('grpc-timeout')]);
    await until(
      () => server.log.some(({ code, status: http }) => code === 'DEADLINE_EXCEEDED' && http === 499),
      'it is logged',
    );
    const text = await register.metrics();
    expect(text).toMatch(
      /http_requests_total\{method="POST",route="\/inference.GRPCInferenceService\/ModelInfer",status="499"\}/,
    );
  });

  it('and one that cancels takes nothing with it', async () => {
    for (let i = 0; i < 20; i++) {
      const call = client.open('ModelInfer');
      call.stream.write(framed(encode('ModelInferRequest', pictures(await randomPng()))));
      call.stream.close(8);
      expect((await call.outcome).status).toBeUndefined();
    }
    expect((await client.ask('ModelInfer', RAW)).modelName).toBe('tensors');
  });
});

describe('a stream', () => {
  it('answers in order, each request with its answer or its error', async () => {
    const call = client.open('ModelStreamInfer');
    for (let i = 0; i < 50; i++) {
      const id = `request-${i}`;
      call.send(
        'ModelInferRequest',
        i % 10 === 3 ? { ...RAW, id, modelName: 'nobody' } : { ...(i % 2 ? RAW : pictures(await randomPng())), id },
      );
    }
    call.stream.end();
    const { status, messages } = await call.outcome;
    const answers = messages.map((message) => decode('ModelStreamInferResponse', message));
    expect(status).toBe(0);
    expect(answers.map(({ inferResponse }) => inferResponse.id)).toEqual(
      Array.from({ length: 50 }, (_, i) => `request-${i}`),
    );
    expect(answers.filter(({ errorMessage }) => errorMessage).map(({ errorMessage }) => errorMessage)).toEqual(
      Array.from({ length: 5 }, () => expect.stringContaining('nobody')),
    );
  });

  it('ends with its status where it cannot be read any further, behind what it has asked before', async () => {
    const call = client.open('ModelStreamInfer');
    call.send('ModelInferRequest', RAW);
    call.stream.write(framed(Buffer.alloc(10), { length: 100 * MIB }));
    const { status, messages } = await call.outcome;
    expect([status, messages.length]).toEqual([8, 1]);
  });

  it('without a request ends well', async () => {
    const call = client.open('ModelStreamInfer');
    call.stream.end();
    expect((await call.outcome).status).toBe(0);
  });
});

describe('health and reflection', () => {
  const HEALTH = '/grpc.health.v1.Health/';
  const asked = (service: string) => framed(encode('HealthCheckRequest', { service }, 'grpc.health.v1'));

  it('tells of the server and of its services, and of no others', async () => {
    for (const service of ['', 'inference.GRPCInferenceService']) {
      const { messages } = await client.call(`${HEALTH}Check`, asked(service));
      expect(decode('HealthCheckResponse', messages[0]!, 'grpc.health.v1')).toEqual({ status: 'SERVING' });
    }
    expect((await client.call(`${HEALTH}Check`, asked('nobody'))).status).toBe(5);
  });

  it('a watcher is told at once, and stays', async () => {
    const call = client.open(`${HEALTH}Watch`);
    call.stream.end(asked(''));
    await until(() => call.messages.length === 1, 'the first status is there');
    call.stream.close(8);
    await call.outcome;
  });
});

it('takes 20 MB of numbers one by one, and says that they are too many for the model', async () => {
  const count = 5_000_000;
  const message = (contents: object, datatype: string) => ({
    modelName: 'tensors',
    inputs: [{ name: 'x', datatype, shape: [count], contents }],
  });
  const many = [
    message({ fp32Contents: Array.from({ length: count }, () => 1) }, 'FP32'),
    message({ intContents: Array.from({ length: count }, (_, i) => i) }, 'INT32'),
  ].map((each) => framed(encode('ModelInferRequest', each)));
  for (const sent of many) expect(await client.call('ModelInfer', sent)).toMatchObject({ status: 3 });
});
