import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CanaryGuard } from '#routing';
import { GUARDED_CANARY } from '#testing/guarded-canary';
import { decode, encode, framed, GrpcClient, type Call } from '#testing/grpc';
import { request } from '#testing/http';
import { png, randomPng } from '#testing/images';
import { elements } from '#testing/open-inference';
import { MODEL, temporaryFolder, temporaryRegistry, type TemporaryFolder } from '#testing/registry';
import { startServer, type TestServer } from '#testing/server';
import { CERTIFICATE, KEY, writeCertificate } from '#testing/tls';
import { until } from '#testing/until';
import { GrpcServer } from '../src/grpc/grpc-server';
import { Draining } from '../src/health/draining';
import { Connections } from '../src/http/connections';
import { BodyBudget } from '../src/overload/body-budget';

const DIGESTS = {
  READ_API_KEYS: '8578df6c579d44d3bf7caeada69ed9cbca30b318a50a0e60216b46760edf5477',
  PREDICT_API_KEYS: 'c42657362b80eb04f6c10fcb46175039390f3f8fb7bf2040010e13104de844e4',
};
const READER = { 'x-api-key': 'read-key' };
const WATCH = '/grpc.health.v1.Health/Watch';
const PREDICTOR = { authorization: 'Bearer predict-key' };

const picture = (file: Uint8Array, more: object = {}) => ({
  modelName: MODEL,
  inputs: [{ name: 'input', datatype: 'BYTES', shape: [1] }],
  rawInputContents: [elements(file)],
  ...more,
});

async function withServer(
  env: Record<string, string>,
  run: (server: TestServer, port: number) => Promise<void>,
  { registry = temporaryRegistry({}, {}) }: { registry?: TemporaryFolder } = {},
): Promise<void> {
  const server = await startServer({ MODEL_REGISTRY: registry.path, ...env });
  try {
    await run(server, await server.app.get(GrpcServer).listen(0));
  } finally {
    await server.stop();
    registry.remove();
  }
}

/** A call whose message has begun. */
function half(client: GrpcClient): Call {
  const call = client.open('ModelInfer');
  call.stream.write(framed(Buffer.alloc(10), { length: 1000 }));
  return call;
}

it('with TLS and keys: each method needs its scope, and only who has a certificate gets any answer', async () => {
  const folder = temporaryFolder();
  const { cert, key } = writeCertificate(folder.path);
  const env = {
    GRPC_TLS_CERT_FILE: cert,
    GRPC_TLS_KEY_FILE: key,
    GRPC_TLS_CLIENT_CA_FILE: cert,
    PREDICT_AUTH: 'required',
    RATE_LIMIT_PER_MINUTE: '6',
    ...DIGESTS,
  };
  await withServer(env, async (_, port) => {
    const plain = await GrpcClient.connect(port);
    expect((await plain.call('ServerLive')).status).toBeUndefined();
    plain.close();
    const ca = Buffer.from(CERTIFICATE);
    const stranger = await GrpcClient.connect(port, { ca }).then(
      (client) => client.call('ServerLive'),
      () => undefined,
    );
    expect(stranger?.status).toBeUndefined();
    const client = await GrpcClient.connect(port, { ca, cert: ca, key: Buffer.from(KEY) });
    const asked = picture(await randomPng());
    const without = await client.call('ModelInfer', asked);
    expect([without.status, without.metadata['www-authenticate']]).toEqual([16, 'Bearer']);
    expect((await client.call('ModelInfer', asked, { 'x-api-key': 'nobody' })).status).toBe(16);
    expect((await client.call('ModelStreamInfer', asked)).status).toBe(16);
    expect((await client.call('ModelMetadata', { name: MODEL })).status).toBe(16);
    const wrong = await client.call('ModelInfer', asked, READER);
    expect([wrong.status, wrong.metadata['error-code']]).toEqual([7, 'FORBIDDEN']);
    expect((await client.call('RepositoryModelLoad', { modelName: MODEL }, PREDICTOR)).status).toBe(7);
    expect((await client.call('ModelMetadata', { name: MODEL }, READER)).status).toBe(0);
    expect((await client.call('ServerLive')).status).toBe(0);
    expect(await client.call('ModelInfer', asked, PREDICTOR)).toMatchObject({
      status: 0,
      metadata: { 'ratelimit-remaining': '5' },
    });
    // Each request of a stream counts.
    const call = client.open('ModelStreamInfer', PREDICTOR);
    for (let i = 0; i < 7; i++) call.send('ModelInferRequest', asked);
    call.stream.end();
    const { status, messages } = await call.outcome;
    const errors = messages.map((message) => decode('ModelStreamInferResponse', message).errorMessage as string);
    expect([status, errors.filter(Boolean).length]).toEqual([0, 2]);
    const over = await client.call('ModelInfer', asked, PREDICTOR);
    expect([over.status, over.message]).toEqual([8, expect.stringContaining('RATE_LIMIT_PER_MINUTE=6')]);
    expect(Number(over.metadata['grpc-retry-pushback-ms'])).toBeGreaterThan(0);
    client.close();
  });
  folder.remove();
});

it('what is too much is refused with a hint when to ask again, and what does not come in time is given up', async () => {
  const env = { MAX_CONCURRENT_REQUESTS: '2', BODY_TIMEOUT_MS: '3000', MAX_REQUEST_BYTES: '1000000' };
  await withServer(env, async (server, port) => {
    const client = await GrpcClient.connect(port);
    const budget = server.app.get(BodyBudget);
    const connections = server.app.get(Connections);
    expect(connections.count).toBeGreaterThan(0);

    const slow = [half(client), half(client)];
    await until(() => budget.used === 2000, 'two messages have begun');
    const third = await client.call('ModelInfer', picture(await randomPng()));
    expect(third).toMatchObject({
      status: 14,
      metadata: { 'error-code': 'OVERLOADED', 'retry-after': '1', 'grpc-retry-pushback-ms': '1000' },
    });
    expect(third.message).toContain('MAX_CONCURRENT_REQUESTS=2');
    for (const { outcome } of slow) {
      const { status, message } = await outcome;
      expect([status, message]).toEqual([4, expect.stringContaining('BODY_TIMEOUT_MS=3000')]);
    }
    expect(budget.used).toBe(0);

    const streams = [client.open('ModelStreamInfer'), client.open('ModelStreamInfer')];
    for (const call of streams) call.send('ModelInferRequest', picture(await randomPng()));
    await until(() => streams.every(({ messages }) => messages.length === 1), 'both are answered');
    expect((await client.call('ModelStreamInfer', picture(await randomPng()))).status).toBe(14);
    for (const call of streams) call.stream.end();
    for (const call of streams) expect((await call.outcome).status).toBe(0);

    const watchers: Call[] = [];
    for (let i = 0; i < 2; i++) {
      const call = client.open(WATCH);
      call.stream.end(framed(Buffer.alloc(0)));
      await until(() => call.messages.length === 1, 'it has one of two places, and is told');
      watchers.push(call);
    }
    expect((await client.call(WATCH, framed(Buffer.alloc(0)))).status).toBe(14);
    for (const { stream } of watchers) stream.close(8);
    await Promise.all(watchers.map(({ outcome }) => outcome));

    // A client that takes nothing of its answer.
    client.session.settings({ initialWindowSize: 0 });
    await new Promise<void>((resolve) => client.session.ping(() => resolve()));
    const stuck = await client.call('ModelInfer', picture(await randomPng()));
    expect([stuck.status, stuck.resetBy]).toEqual([undefined, 8]);
    expect([connections.underWay, budget.used]).toEqual([0, 0]);

    const before = connections.count;
    const many = await Promise.all(Array.from({ length: 20 }, () => GrpcClient.connect(port)));
    await until(() => connections.count === before + 20, 'all are counted');
    for (const each of many) each.close();
    client.close();
    await until(() => connections.count < before, 'their places are free');
  });
});

it('a canary that fails over gRPC alone is taken back; a shutdown answers what is under way and ends streams', async () => {
  const registry = temporaryRegistry({}, { nanForBlack: true });
  writeFileSync(join(registry.path, MODEL, 'policy.json'), JSON.stringify(GUARDED_CANARY));
  const run = async (server: TestServer, port: number): Promise<void> => {
    const client = await GrpcClient.connect(port);
    const look = () => server.app.get(CanaryGuard).tick();
    const black = picture(await png(new Uint8Array(8 * 8 * 3)));
    await look();
    const outcomes = await Promise.all(
      Array.from({ length: 60 }, (_, i) => client.call('ModelInfer', black, { 'x-routing-key': `k${i}` })),
    );
    expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set([0, 13]));
    expect(new Set(outcomes.map(({ metadata }) => metadata['x-model-variant']))).toEqual(
      new Set(['control', 'canary']),
    );
    await look();
    await until(async () => {
      const { body } = await request(`${server.url}/v1/models/${MODEL}`);
      return body.policy.variants.some(
        ({ name, weight }: { name: string; weight: number }) => name === 'canary' && weight === 0,
      );
    }, 'the canary is taken back');

    const stream = client.open('ModelStreamInfer');
    stream.send('ModelInferRequest', picture(await randomPng()));
    await until(() => stream.messages.length === 1, 'the stream is answered');
    const unary = client.open('ModelInfer');
    const message = framed(encode('ModelInferRequest', picture(await randomPng())));
    unary.stream.write(message.subarray(0, 20));
    await until(() => server.app.get(Connections).underWay === 2, 'both are under way');
    const closed = server.app.close();
    await until(() => server.app.get(Draining).hasBegun, 'the shutdown has begun');
    expect(await stream.outcome).toMatchObject({ status: 14, message: expect.stringContaining('shutting down') });
    unary.stream.end(message.subarray(20));
    expect((await unary.outcome).status).toBe(0);
    await closed;
  };
  await withServer({ REGISTRY_POLL_SECONDS: '0' }, run, { registry });
});
