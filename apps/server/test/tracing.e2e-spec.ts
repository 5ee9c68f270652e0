import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { postImage, postJson, request, sample } from '#testing/http';
import { OtlpCollector, type ReceivedSpan } from '#testing/otlp-collector';
import { temporaryRegistry } from '#testing/registry';
import { until } from '#testing/until';
import { freePort, ServerProcess } from '#testing/server-process';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const CALLER = '00f067aa0ba902b7';
const SAMPLED = `00-${TRACE}-${CALLER}-01`;
/** Ends of times are rounded to what a number of milliseconds since 1970 holds. */
const ROUNDING_MS = 0.001;

const ship = sample('ship.png');
const registry = temporaryRegistry({});
afterAll(() => registry.remove());

const predict = (server: ServerProcess, headers: Record<string, string> = {}) =>
  postImage(`${server.url}/v1/predict`, ship, headers);

describe('with a collector', () => {
  let collector: OtlpCollector;
  let server: ServerProcess;
  beforeAll(async () => {
    collector = await OtlpCollector.start();
    server = await ServerProcess.start({
      MODEL_REGISTRY: registry.path,
      URL_ALLOWED_HOSTS: '127.0.0.1',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=eyrie',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
      OTEL_BSP_SCHEDULE_DELAY: '50',
    });
  });
  afterAll(async () => {
    await server.kill();
    await collector.stop();
  });

  /** The spans of the request with this id, once its server span is there. */
  async function traceOf(
    id: string,
  ): Promise<{ root: ReceivedSpan; spans: ReceivedSpan[]; line: Record<string, unknown> }> {
    const lineOf = () => server.log.find(({ request_id: of, status }) => of === id && status !== undefined);
    await until(() => lineOf() !== undefined, `${id} is logged`);
    const line = lineOf()!;
    const rootOf = () => collector.spans.find(({ spanId }) => spanId === line.span_id);
    await until(() => rootOf() !== undefined, `the collector has ${id}`);
    const root = rootOf()!;
    return { root, line, spans: collector.spans.filter(({ traceId }) => traceId === root.traceId) };
  }

  it('a prediction is server span → predict → queue and worker → decode, run, post', async () => {
    const { body } = await predict(server, { 'X-Request-Id': 'one' });
    const { root, spans, line } = await traceOf('one');
    const childOf = ({ spanId }: ReceivedSpan, name: string) => {
      const found = spans.filter((span) => span.name === name && span.parentSpanId === spanId);
      expect([name, found.length]).toEqual([name, 1]);
      expect(found[0]!.start).toBeGreaterThanOrEqual(parentOf(found[0]!).start - ROUNDING_MS);
      expect(found[0]!.end).toBeLessThanOrEqual(parentOf(found[0]!).end + ROUNDING_MS);
      return found[0]!;
    };
    const parentOf = (span: ReceivedSpan) => spans.find(({ spanId }) => spanId === span.parentSpanId)!;
    const prediction = childOf(root, 'predict');
    const queue = childOf(prediction, 'queue');
    const worker = childOf(prediction, 'worker');
    const [decode, run, post] = ['decode', 'run', 'post'].map((name) => childOf(worker, name)) as [
      ReceivedSpan,
      ReceivedSpan,
      ReceivedSpan,
    ];
    expect(spans).toHaveLength(7);
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(7);
    expect([root.kind, root.parentSpanId, root.name]).toEqual(['server', '', 'POST /v1/predict']);
    expect([line.trace_id, line.span_id]).toEqual([root.traceId, root.spanId]);

    // One after the other, and as long as the answer says.
    expect(queue.end).toBeCloseTo(worker.start, 2);
    expect(decode.end).toBeLessThanOrEqual(run.start + ROUNDING_MS);
    expect(run.end).toBeCloseTo(post.start, 2);
    const { decode: decodeMs, inference } = body.timing_ms;
    expect(decode.end - decode.start).toBeCloseTo(decodeMs, 1);
    expect(run.end - run.start).toBeCloseTo(inference, 1);
    expect(Math.abs(Date.now() - root.end)).toBeLessThan(60_000);

    expect(root.attributes).toEqual({
      'http.request.method': 'POST',
      'http.route': '/v1/predict',
      'http.response.status_code': 200,
      'url.path': '/v1/predict',
      'url.scheme': 'http',
      'network.protocol.version': '1.1',
      'server.address': '127.0.0.1',
      'server.port': server.port,
    });
    expect(prediction.attributes).toEqual({ 'eyrie.model': 'pixels', 'eyrie.version': 1, 'eyrie.source': 'computed' });
    expect(worker.attributes).toEqual({ 'eyrie.batch.size': 1, 'eyrie.worker.pid': expect.any(Number) });
    expect(worker.attributes['eyrie.worker.pid']).not.toBe(server.child.pid);
    expect(root.resource).toMatchObject({
      'service.name': 'eyrie',
      'service.version': expect.stringMatching(/^\d+\.\d+\.\d+$/),
      'service.instance.id': expect.any(String),
      'telemetry.sdk.language': 'nodejs',
      'deployment.environment.name': 'test',
    });
    expect(collector.requests[0]).toMatchObject({
      path: '/v1/traces',
      headers: { 'x-tenant': 'eyrie', 'content-type': 'application/x-protobuf' },
    });
  });

  it("continues the caller's trace, and its decision not to record it", async () => {
    await predict(server, { 'X-Request-Id': 'skipped', traceparent: SAMPLED.replace(/01$/, '00') });
    await predict(server, { 'X-Request-Id': 'continued', traceparent: SAMPLED, tracestate: 'vendor=1' });
    const { root, spans } = await traceOf('continued');
    expect([root.traceId, root.parentSpanId, root.traceState]).toEqual([TRACE, CALLER, 'vendor=1']);
    // Seven of the one that is recorded, none of the other.
    expect(spans).toHaveLength(7);
    const line = server.log.find(({ request_id: id }) => id === 'skipped');
    expect(line!.trace_id).toBe(TRACE);
  });

  it.each([
    ['00-00000000000000000000000000000000-00f067aa0ba902b7-01'],
    [`00-${TRACE}-0000000000000000-01`],
    [`ff-${TRACE}-${CALLER}-01`],
    ['rubbish'],
    ['0'.repeat(5000)],
  ])('takes no traceparent like %.60s', async (traceparent) => {
    const id = `bad-${traceparent.length}-${traceparent.slice(0, 2)}-${traceparent.slice(36, 40).replace(/\W/g, '')}`;
    const { status } = await predict(server, { 'X-Request-Id': id, traceparent });
    expect(status).toBe(200);
    const { root } = await traceOf(id);
    expect(root.parentSpanId).toBe('');
    expect(root.traceId).not.toBe(TRACE);
  });

  it('a batch has one prediction per image, and the one that fails says why', async () => {
    const items = [{ image: ship.toString('base64') }, { image: 'AAAA' }, { image: ship.toString('base64') }];
    await postJson(`${server.url}/v1/predict/batch`, { items }, { 'X-Request-Id': 'batch' });
    const { root, spans } = await traceOf('batch');
    const predictions = spans.filter(({ name }) => name === 'predict');
    expect(predictions.map(({ parentSpanId }) => parentSpanId)).toEqual(Array(3).fill(root.spanId));
    const byIndex = predictions.sort(
      (a, b) => Number(a.attributes['eyrie.image.index']) - Number(b.attributes['eyrie.image.index']),
    );
    expect(byIndex.map(({ status }) => status)).toEqual([0, 2, 0]);
    expect(byIndex[1]!.attributes['error.type']).toBe('INVALID_IMAGE');
    const parts = (prediction: ReceivedSpan) => {
      const worker = spans.find(({ name, parentSpanId }) => name === 'worker' && parentSpanId === prediction.spanId)!;
      return spans.filter(({ parentSpanId }) => parentSpanId === worker.spanId).map(({ name }) => name);
    };
    expect(byIndex.map(parts)).toEqual([['decode', 'run', 'post'], ['decode'], ['decode', 'run', 'post']]);
    expect(root.status).toBe(0);
  });

  it('an image by URL is a client span, and the host gets the trace, on every redirect', async () => {
    const seen: IncomingHttpHeaders[] = [];
    const images = createServer((req, res) => {
      seen.push(req.headers);
      if (req.url!.startsWith('/moved')) res.writeHead(302, { Location: '/ship.png' }).end();
      else res.writeHead(req.url === '/gone.png' ? 410 : 200).end(ship);
    });
    await new Promise<void>((resolve) => images.listen(0, '127.0.0.1', resolve));
    const host = `http://127.0.0.1:${(images.address() as AddressInfo).port}`;
    const headers = { traceparent: SAMPLED.replace('4bf9', '5bf9'), baggage: 'secret=1' };
    const moved = { url: `${host}/moved?token=secret` };
    await postJson(`${server.url}/v1/predict`, moved, { ...headers, 'X-Request-Id': 'by-url' });
    await postJson(`${server.url}/v1/predict`, { url: `${host}/gone.png` }, { 'X-Request-Id': 'gone' });
    images.close();

    const { root, spans } = await traceOf('by-url');
    const fetches = spans.filter(({ kind }) => kind === 'client');
    expect(fetches.map(({ name, parentSpanId }) => [name, parentSpanId])).toEqual(Array(2).fill(['GET', root.spanId]));
    expect(seen.slice(0, 2).map(({ traceparent }) => traceparent)).toEqual(
      fetches.map(({ traceId, spanId }) => `00-${traceId}-${spanId}-01`),
    );
    expect(seen.map(({ baggage }) => baggage)).toEqual([undefined, undefined, undefined]);
    expect(fetches.map(({ attributes }) => attributes)).toMatchObject([
      { 'url.full': `${host}/moved`, 'http.response.status_code': 302 },
      { 'url.full': `${host}/ship.png`, 'http.response.status_code': 200, 'http.request.resend_count': 1 },
    ]);
    expect(JSON.stringify(spans)).not.toContain('secret');

    const gone = (await traceOf('gone')).spans.find(({ kind }) => kind === 'client')!;
    expect([gone.status, gone.attributes['http.response.status_code']]).toEqual([2, 410]);
    expect(gone.attributes['error.type']).toBe('URL_FETCH_FAILED');
  });

  it("a client's mistake is no error of the server span, and its name never holds what a client made up", async () => {
    await request(`${server.url}/v1/models/no-such-model`, { headers: { 'X-Request-Id': 'unknown-model' } });
    await request(`${server.url}/no/such/path`, { headers: { 'X-Request-Id': 'unknown-path' } });
    const model = (await traceOf('unknown-model')).root;
    expect([model.name, model.status, model.attributes['error.type']]).toEqual([
      'GET /v1/models/{model}',
      0,
      'MODEL_NOT_FOUND',
    ]);
    const path = (await traceOf('unknown-path')).root;
    expect([path.name, path.attributes['http.route'], path.attributes['url.path']]).toEqual([
      'GET',
      undefined,
      '/no/such/path',
    ]);
  });

  it('a worker that dies under a request shows as a failed stage, and the retry as two more', async () => {
    const { body } = await predict(server);
    expect(body.predictions).toBeDefined();
    const pid = collector.spans.findLast(({ name }) => name === 'worker')!.attributes['eyrie.worker.pid'] as number;
    // Stopped, it takes the request and does not answer; killed, it takes the request with it.
    process.kill(pid, 'SIGSTOP');
    const answer = predict(server, { 'X-Request-Id': 'retried' });
    await new Promise((resolve) => setTimeout(resolve, 300));
    process.kill(pid, 'SIGKILL');
    expect((await answer).status).toBe(200);
    const { spans } = await traceOf('retried');
    const stages = spans.filter(({ name }) => name === 'queue' || name === 'worker').sort((a, b) => a.start - b.start);
    expect(stages.map(({ name, status }) => [name, status])).toEqual([
      ['queue', 0],
      ['worker', 2],
      ['queue', 0],
      ['worker', 0],
    ]);
    expect(stages[1]!.attributes['error.type']).toBe('WorkerLostError');
    expect(stages[3]!.attributes['eyrie.worker.pid']).not.toBe(pid);
  });

  it('a prediction that there is no room for is a server span of its own', async () => {
    const small = temporaryRegistry({ manifest: { runtime: { workers: 1, threads: 1, maxBatch: 1, maxQueue: 1 } } });
    const full = await ServerProcess.start({ MODEL_REGISTRY: small.path, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    const refused = () => full.log.find(({ status }) => status === 503);
    // Far more at once than a worker can have in hand and one may wait.
    await until(async () => {
      await Promise.all(Array.from({ length: 32 }, () => predict(full, { traceparent: SAMPLED })));
      return refused() !== undefined;
    }, 'one is refused');
    full.child.kill('SIGTERM');
    await full.exited;
    small.remove();
    const span = collector.spans.find(({ spanId }) => spanId === refused()!.span_id)!;
    expect([span.name, span.parentSpanId, span.status, span.attributes['error.type']]).toEqual([
      'POST /v1/predict',
      CALLER,
      2,
      'OVERLOADED',
    ]);
    expect(collector.spans.filter(({ parentSpanId }) => parentSpanId === span.spanId)).toEqual([]);
  });

  it('probes and scrapes leave no traces', async () => {
    for (const path of ['/health/live', '/health/ready', '/metrics']) await request(server.url + path);
    await predict(server, { 'X-Request-Id': 'after-the-probes' });
    await traceOf('after-the-probes');
    expect(collector.spans.filter(({ attributes }) => /health|metrics/.test(String(attributes['url.path'])))).toEqual(
      [],
    );
  });

  it('the last spans are sent before the server ends, those of an answer from the cache among them', async () => {
    const other = await ServerProcess.start({
      MODEL_REGISTRY: registry.path,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_SERVICE_NAME: 'last-words',
      CACHE_MAX_BYTES: '1000000',
      OTEL_BSP_SCHEDULE_DELAY: '60000',
    });
    await predict(other);
    await predict(other);
    const mine = () => collector.spans.filter(({ resource }) => resource['service.name'] === 'last-words');
    expect(mine()).toEqual([]);
    other.child.kill('SIGTERM');
    expect(await other.exited).toBe(0);
    // The second answer was known already: it has a server span and a prediction, and no worker.
    expect(mine()).toHaveLength(7 + 2);
    const sources = mine().filter(({ name }) => name === 'predict');
    expect(sources.map(({ attributes }) => attributes['eyrie.source'])).toEqual(['computed', 'memory']);
  });
});

describe.each(['away', 'hanging'])('with a collector that is %s', (kind) => {
  it('requests are answered, the log says so once, and the shutdown does not wait for it', async () => {
    const collector = kind === 'hanging' ? await OtlpCollector.start({ hangs: true }) : undefined;
    const server = await ServerProcess.start({
      MODEL_REGISTRY: registry.path,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector?.url ?? `http://127.0.0.1:${await freePort()}`,
      OTEL_EXPORTER_OTLP_TIMEOUT: '800',
      OTEL_BSP_SCHEDULE_DELAY: '20',
      OTEL_BSP_MAX_QUEUE_SIZE: '64',
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '16',
    });
    try {
      const warnings = () => server.log.filter(({ message }) => String(message).startsWith('tracing: '));
      const statuses = new Set<number>();
      await until(async () => {
        statuses.add((await predict(server)).status);
        return warnings().length > 0;
      }, 'the log says that traces are lost');
      for (let i = 0; i < 100; i++) statuses.add((await predict(server)).status);
      expect([...statuses]).toEqual([200]);
      expect(new Set(warnings().map(({ level }) => level))).toEqual(new Set(['warn']));
      server.child.kill('SIGTERM');
      expect(await server.exited).toBe(0);
      expect(server.log.at(-1)!.message).toBe('bye');
      expect(server.stderr).toBe('');
    } finally {
      await server.kill();
      await collector?.stop();
    }
  });
});

describe('without OTEL_EXPORTER_OTLP_ENDPOINT', () => {
  it('nothing of OpenTelemetry is loaded, and log lines have no trace', async () => {
    // NODE_DEBUG=module names every CommonJS module that is loaded.
    const server = await ServerProcess.start({ MODEL_REGISTRY: registry.path, NODE_DEBUG: 'module' });
    await predict(server, { 'X-Request-Id': 'untraced', traceparent: SAMPLED });
    await until(() => server.log.some(({ request_id: id }) => id === 'untraced'), 'it is logged');
    await server.kill();
    const loaded = (name: RegExp) => name.exec(server.stderr)?.[0];
    expect(loaded(/express/)).toBe('express');
    // prom-client loads the API, which does nothing by itself.
    expect(loaded(/@opentelemetry\/(?!api\b)[a-z-]+/)).toBeUndefined();
    expect(server.log.find(({ request_id: id }) => id === 'untraced')).not.toHaveProperty('trace_id');
  });
});

it('a setting that cannot be stops the start, by name', async () => {
  const server = await ServerProcess.spawn({ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' });
  expect(await server.exited).toBe(1);
  expect(server.stderr).toMatch(
    /OTEL_EXPORTER_OTLP_ENDPOINT must be a URL such as http:\/\/collector:4318; what it is now is not shown/,
  );
});
