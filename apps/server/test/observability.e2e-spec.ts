import { register } from 'prom-client';
import { postForm, postImage, postJson, request } from '#testing/http';
import { randomPng } from '#testing/images';
import { MODEL, temporaryRegistry, type TemporaryFolder } from '#testing/registry';
import { startServer, type TestServer } from '#testing/server';
import { until } from '#testing/until';
import { HttpMetrics } from '../src/metrics/http.metrics';
import { LoggingRegistryObserver } from '../src/metrics/registry-observer';

let registry: TemporaryFolder;
let server: TestServer;
let image: Buffer;

beforeAll(async () => {
  const policy = {
    manifest: {},
  };
  registry = temporaryRegistry(policy);
  server = await startServer({ MODEL_REGISTRY: registry.path });
  image = await randomPng();
});
afterAll(async () => {
  await server.stop();
  registry.remove();
});

const predict = (headers: Record<string, string> = {}, query = '') =>
  postImage(`${server.url}/v1/predict${query}`, image, headers);

/** The log lines of a request, when it is over. */
async function linesOf(id: string): Promise<Record<string, unknown>[]> {
  await until(() => server.log.some((line) => line.request_id === id), `the log has ${id}`);
  // A second line would come right after.
  await new Promise((resolve) => setTimeout(resolve, 30));
  return server.log.filter((line) => line.request_id === id);
}

describe('X-Request-Id', () => {
  it.each(['a', 'order-17.retry_2', 'A'.repeat(128)])('%.20s is kept', async (id) => {
    const { headers, body } = await predict({ 'X-Request-Id': id });
    expect([headers.get('x-request-id'), body.request_id]).toEqual([id, id]);
  });

  it.each(['A'.repeat(129), 'a b', 'a"b', '<script>', 'a,b', '{"a":1}', '\u00e9'])('%.20s is replaced', async (id) => {
    const { headers, body } = await predict({ 'X-Request-Id': id });
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(body.request_id).toBe(headers.get('x-request-id'));
  });
});

describe('Server-Timing', () => {
  it('says where the time went, as the body does', async () => {
    const { headers, body } = await predict();
    const { queue, decode, inference, total } = body.timing_ms;
    expect(headers.get('server-timing')).toBe(
      `queue;dur=${queue}, decode;dur=${decode}, inference;dur=${inference}, total;dur=${total}`,
    );
    expect(total).toBeGreaterThanOrEqual(queue);
  });
});

describe('the log', () => {
  it('has one line for a prediction, with all that is known of it', async () => {
    const { body } = await predict({ 'X-Request-Id': 'logged' });
    const lines = await linesOf('logged');
    expect(lines).toEqual([
      {
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        level: 'info',
        name: 'test',
        message: 'POST /v1/predict 200',
        request_id: 'logged',
        method: 'POST',
        path: '/v1/predict',
        status: 200,
        model: MODEL,
        version: 1,
        class: body.predictions[0].label,
        confidence: body.predictions[0].confidence,
        cached: false,
        timing_ms: body.timing_ms,
        duration_ms: expect.any(Number),
      },
    ]);
  });

  it('has one line for a batch', async () => {
    const items = [{ image: image.toString('base64') }, { image: 'AAAA' }];
    await postJson(`${server.url}/v1/predict/batch`, { items }, { 'X-Request-Id': 'a-batch' });
    const lines = await linesOf('a-batch');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ status: 200, model: MODEL, version: 1, images: 2, failed: 1 });
  });

  it('has one line for a failure, with its code and the version that was asked', async () => {
    await postImage(`${server.url}/v1/predict`, Buffer.from('text'), { 'X-Request-Id': 'failed' });
    const lines = await linesOf('failed');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ level: 'warn', status: 400, code: 'INVALID_IMAGE', model: MODEL, version: 1 });
  });

  it('says nothing of headers, queries, file names and contents, which may be secrets', async () => {
    const secret = 'hunter2-hunter2';
    await predict({ Authorization: `Bearer ${secret}`, 'X-API-Key': secret, Cookie: secret, 'X-Routing-Key': secret });
    await request(`${server.url}/v1/models?token=${secret}`);
    await postForm(`${server.url}/v1/predict`, [['file', Buffer.from(secret), `${secret}.png`]]);
    const { headers } = await postJson(`${server.url}/v1/predict`, { image: Buffer.from(secret).toString('base64') });
    await linesOf(headers.get('x-request-id')!);
    expect(JSON.stringify(server.log)).not.toContain(secret);
  });

  it('cannot be forged by a path', async () => {
    const path = `/nope%0A%7B%22level%22:%22fatal%22%7D`;
    const { headers } = await request(server.url + path);
    const lines = await linesOf(headers.get('x-request-id')!);
    expect(lines).toMatchObject([{ path, status: 404 }]);
  });

  it('is written, and requests go on, where another observer of a request fails', async () => {
    const failing = jest.spyOn(HttpMetrics.prototype, 'closed').mockImplementationOnce(() => {
      throw new Error('a metric failed');
    });
    expect((await predict({ 'X-Request-Id': 'unobserved' })).status).toBe(200);
    const lines = await linesOf('unobserved');
    failing.mockRestore();
    expect(lines.map(({ level, status }) => [level, status])).toEqual([['info', 200]]);
    const failure = server.log.find(({ observer }) => observer === 'request');
    expect(failure).toMatchObject({ level: 'error', message: 'request failed: a metric failed' });
    expect((await predict()).status).toBe(200);
  });

  it('keeps quiet about probes', async () => {
    const { headers } = await request(`${server.url}/health/live`);
    expect(await linesOf(headers.get('x-request-id')!)).toMatchObject([{ level: 'debug', path: '/health/live' }]);
  });
});

describe('/metrics', () => {
  let text: string;
  beforeAll(async () => {
    await predict();
    await request(`${server.url}/v1/models/nobody`);
    await request(`${server.url}/nope/1`);
    await request(`${server.url}/docs/swagger-ui.css`);
    await request(`${server.url}/v1/models/${MODEL}/versions/1?x=1`);
    ({ text } = await request(`${server.url}/metrics`));
  });

  it('is written once for many who ask at the same time, and predictions go on meanwhile', async () => {
    const storm = () => Array.from({ length: 200 }, () => request(`${server.url}/metrics`));
    // Connections that are new come one after the other.
    await Promise.all(storm());
    const written = jest.spyOn(register, 'metrics');
    const scrapes = storm();
    expect((await predict()).status).toBe(200);
    const answers = await Promise.all(scrapes);
    for (const { status, text: one } of answers) expect([status, one.endsWith('\n')]).toEqual([200, true]);
    expect(written.mock.calls.length).toBeLessThan(100);
    written.mockRestore();
  });

  it.each([
    /^http_requests_total\{method="POST",route="\/v1\/predict",status="200"\} \d+$/m,
    /^http_requests_total\{method="GET",route="\/v1\/models\/\{model\}",status="404"\} 1$/m,
    /^http_requests_total\{method="GET",route="\/v1\/models\/\{model\}\/versions\/\{version\}",status="400"\} 1$/m,
    /^http_requests_total\{method="GET",route="none",status="404"\} \d+$/m,
    /^http_requests_total\{method="GET",route="other",status="200"\} \d+$/m,
    /^http_request_duration_seconds_bucket\{le="0.1",method="POST",route="\/v1\/predict",status="200"\} \d+$/m,
    /^predictions_total\{model="pixels",version="1",variant="",outcome="success"\} \d+$/m,
    /^predictions_total\{model="pixels",version="1",variant="",outcome="INVALID_IMAGE"\} \d+$/m,
    /^prediction_duration_seconds_count\{model="pixels",version="1",stage="queue"\} \d+$/m,
    /^prediction_duration_seconds_count\{model="pixels",version="1",stage="decode"\} \d+$/m,
    /^prediction_duration_seconds_count\{model="pixels",version="1",stage="inference"\} \d+$/m,
    /^prediction_duration_seconds_count\{model="pixels",version="1",stage="total"\} \d+$/m,
    /^cache_requests_total\{model="pixels",version="1",source="computed"\} \d+$/m,
    /^cache_bytes 0$/m,
    /^cache_entries 0$/m,
    /^prediction_confidence_count\{model="pixels",version="1"\} \d+$/m,
    /^prediction_class_total\{model="pixels",version="1",class_id="\d",label="class-\d"\} \d+$/m,
    /^inference_batch_size_count\{model="pixels",version="1"\} \d+$/m,
    /^inference_queue_depth\{model="pixels",version="1"\} 0$/m,
    /^inference_queue_capacity\{model="pixels",version="1"\} 256$/m,
    /^inference_workers\{model="pixels",version="1",state="ready"\} 1$/m,
    /^inference_worker_restarts_total\{model="pixels",version="1"\} 0$/m,
    /^model_state\{model="pixels",version="1",state="READY"\} 1$/m,
    /^model_state\{model="pixels",version="1",state="FAILED"\} 0$/m,
    /^model_load_seconds\{model="pixels",version="1"\} [\d.]+$/m,
    /^memory_limit_bytes \d{9,}$/m,
    /^registry_problems 0$/m,
    /^traffic_events_total\{model="pixels",type="canary-rolled-back"\} 0$/m,
    /^build_info\{version="[\d.]+",commit="unknown",node="v\d+\.\d+\.\d+"\} 1$/m,
    /^process_resident_memory_bytes \d+$/m,
    /^nodejs_eventloop_lag_seconds [\d.e-]+$/m,
  ])('%s', (line) => {
    expect(text).toMatch(line);
  });

  it('calls counters _total, and nothing else', () => {
    const kinds = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)];
    expect(kinds.map(([, name]) => name)).toEqual(expect.arrayContaining(['nodejs_active_handles', 'build_info']));
    for (const [, name, kind] of kinds) expect([name, name!.endsWith('_total')]).toEqual([name, kind === 'counter']);
  });

  it('has no raw path for a label', () => {
    const samples = text.replaceAll(/^#.*$/gm, '');
    expect(samples).not.toMatch(/nobody|nope|swagger/);
  });
});

it('an observer that fails is logged and counted, and what it watches goes on', async () => {
  const observer = server.app.get(LoggingRegistryObserver, { strict: false });
  const { onState } = observer;
  observer.onState = () => {
    throw new Error('out of paper');
  };
  try {
    await server.version(1).unload(1_000);
    await server.version(1).load();
  } finally {
    observer.onState = onState;
  }
  expect((await predict()).status).toBe(200);
  const { text } = await request(`${server.url}/metrics`);
  expect(text).toMatch(/^observer_failures_total\{observer="registry\.onState"\} 4$/m);
  const lines = server.log.filter(({ observer: name }) => name === 'registry.onState');
  expect(lines.map(({ message }) => message)).toEqual(['registry.onState failed: out of paper']);
});
