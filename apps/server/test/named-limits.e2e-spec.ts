import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import sharp from 'sharp';
import { childrenOf } from '#testing/children';
import { postForm, postImage, postJson, RawClient, request, type Answer } from '#testing/http';
import { randomPng } from '#testing/images';
import { writeTensorVersion } from '#testing/onnx-tensors';
import { askInference } from '#testing/open-inference';
import { temporaryRegistry, type TemporaryFolder } from '#testing/registry';
import { startServer, type TestServer } from '#testing/server';
import { until } from '#testing/until';

/** What is small enough to go over, and large enough for a picture of 32 x 32. */
const SET = {
  MAX_IMAGE_BYTES: 30_000,
  MAX_REQUEST_BYTES: 50_000,
  MAX_ANSWER_BYTES: 65_536,
  MAX_BATCH_ITEMS: 3,
  MAX_IMAGE_PIXELS: 200_000,
  MAX_DECODE_MS: 20,
  MAX_DECODE_BYTES: 1_048_576,
  REQUEST_TIMEOUT_MS: 1_500,
  BODY_TIMEOUT_MS: 600,
  URL_TIMEOUT_MS: 400,
  RATE_LIMIT_PER_MINUTE: 25,
  MAX_CONCURRENT_REQUESTS: 6,
  UPLOAD_MAX_BYTES: 20_000,
  UPLOAD_TIMEOUT_MS: 1_000,
  REGISTRY_TIMEOUT_MS: 400,
};
const MAX_QUEUE = 1;
const RUNTIME = { workers: 1, threads: 1, maxBatch: 1, maxQueue: MAX_QUEUE };
const KEY = 'admin-key';
const ADMIN = { Authorization: `Bearer ${KEY}` };
const LARGE = Buffer.alloc(SET.MAX_IMAGE_BYTES + 1, 1);

let registry: TemporaryFolder;
let server: TestServer;
/** Serves a large file under /large, and hangs elsewhere. */
let elsewhere: Server;
let image: Buffer;

beforeAll(async () => {
  registry = temporaryRegistry({ manifest: { runtime: RUNTIME } });
  writeTensorVersion(registry.path, 'tensors', 1);
  elsewhere = createServer((req, res) => void (req.url === '/large' && res.end(LARGE)));
  await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
  server = await startServer({
    MODEL_REGISTRY: registry.path,
    URL_ALLOWED_HOSTS: '127.0.0.1',
    ADMIN_API_KEYS: createHash('sha256').update(KEY).digest('hex'),
    TRUST_PROXY_HOPS: '1',
    ...Object.fromEntries(Object.entries(SET).map(([name, value]) => [name, String(value)])),
  });
  image = await randomPng();
});
afterAll(async () => {
  elsewhere.closeAllConnections();
  elsewhere.close();
  await server.stop();
  registry.remove();
});

let callers = 0;
/** Everybody comes from an address of their own, so that the rate limit is met by whom it is meant for. */
const from = (address = `192.0.2.${++callers}`) => ({ 'X-Forwarded-For': address });
const url = (path: string) => server.url + path;
const there = (path: string) => `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}${path}`;
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const flat = (width: number, height: number) => sharp({ create: { width, height, channels: 3, background: '#888' } });

const post = (body: Uint8Array, headers = from()) => postImage(url('/v1/predict'), body, headers);
const json = (body: unknown, path = '/v1/predict') => postJson(url(path), body, from());

/** What a connection is answered on which that is sent, and no more. */
async function raw(text: string): Promise<Answer> {
  const client = await RawClient.connect(server.port);
  client.send(text);
  await until(() => client.body !== undefined, 'there is an answer');
  client.leave();
  return { status: client.status, body: client.body } as Answer;
}

/** The first answer to so many requests at once, while the only worker stands still. */
async function whileWorkerIsStill(requests: number): Promise<Answer> {
  const [pid] = server.version(1).predictor!.workers.pids;
  process.kill(pid!, 'SIGSTOP');
  const answers = Array.from({ length: requests }, () => post(image));
  try {
    return await Promise.race(answers);
  } finally {
    process.kill(pid!, 'SIGCONT');
    await Promise.all(answers);
  }
}

/** Of 34 bytes a row, to a request of 20. */
function largeAnswer(): Promise<Answer> {
  const rows = 2_400;
  return askInference(
    url('/v2/models/tensors/infer'),
    {},
    { name: 'x', datatype: 'FP32', shape: [rows, 2], bytes: Buffer.alloc(8 * rows) },
    { name: 'id', datatype: 'INT64', shape: [rows], bytes: Buffer.alloc(8 * rows) },
    { name: 'text', datatype: 'BYTES', shape: [rows], bytes: Buffer.alloc(4 * rows) },
  );
}

async function tooOften(): Promise<Answer> {
  const headers = from();
  for (let i = 0; i < SET.RATE_LIMIT_PER_MINUTE; i++) await post(image, headers);
  return post(image, headers);
}

/** Requests whose bodies do not come; the one beyond is refused. */
async function manyAtOnce(): Promise<Answer> {
  const head = () =>
    `X-Forwarded-For: ${from()['X-Forwarded-For']}\r\nContent-Type: image/png\r\nContent-Length: 10\r\n`;
  const open = Array.from({ length: SET.MAX_CONCURRENT_REQUESTS }, async () => {
    const client = await RawClient.connect(server.port);
    client.send(`POST /v1/predict HTTP/1.1\r\nHost: x\r\n${head()}\r\n`);
    return client;
  });
  const clients = await Promise.all(open);
  try {
    let refused: Answer | undefined;
    await until(async () => {
      refused = await request(url('/v1/models'));
      return refused.status === 503;
    }, 'one is refused');
    return refused!;
  } finally {
    clients.forEach((client) => client.leave());
  }
}

/** Whatever asks the disk stands still, as where a network file system is away. */
async function whileStorageHangs(): Promise<Answer> {
  const hanging = setInterval(() => {
    for (const pid of childrenOf(process.pid, 'stores/process/main.js')) process.kill(pid, 'SIGSTOP');
  }, 20);
  try {
    const headers = { 'Content-Type': 'application/json', ...ADMIN };
    const path = '/v1/models/pixels/aliases/champion';
    return await request(url(path), { method: 'PUT', body: '{"version":1}', headers });
  } finally {
    clearInterval(hanging);
    for (const pid of childrenOf(process.pid, 'stores/process/main.js')) process.kill(pid, 'SIGCONT');
  }
}

function upload(bytes: number): Promise<Answer> {
  const form = new FormData();
  form.append('file', new Blob([Buffer.alloc(bytes)]), 'model.onnx');
  return request(url('/v1/models/weather/versions'), { method: 'POST', body: form, headers: ADMIN });
}

type Setting = keyof typeof SET | 'runtime.maxQueue' | '--max-http-header-size';
type Row = [setting: Setting, how: string, status: number, provoke: () => Promise<Answer>];

const START = 'POST /v1/predict HTTP/1.1\r\nHost: x\r\n';
const UPLOAD = `POST /v1/models/weather/versions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${KEY}\r\n`;
const ROWS: Row[] = [
  ['MAX_IMAGE_BYTES', 'as the body', 413, () => post(LARGE)],
  ['MAX_IMAGE_BYTES', 'as a form', 413, () => postForm(url('/v1/predict'), [['file', LARGE]])],
  ['MAX_IMAGE_BYTES', 'as JSON', 413, () => json({ image: base64(LARGE) })],
  ['MAX_IMAGE_BYTES', 'as long JSON', 413, () => json({ image: base64(Buffer.alloc(2 * LARGE.length)) })],
  ['MAX_IMAGE_BYTES', 'as tensors', 413, () => json({ inputs: { x: Array(9_000).fill(0) } })],
  ['MAX_IMAGE_BYTES', 'as a URL', 413, () => json({ url: there('/large') })],
  ['MAX_IMAGE_BYTES', 'as a form, in a batch', 413, () => batchForm(LARGE)],
  ['MAX_IMAGE_BYTES', 'as JSON, in a batch', 200, () => json({ items: [{ image: base64(LARGE) }] }, BATCH)],
  ['MAX_REQUEST_BYTES', 'as a form', 413, () => batchForm(...half, Buffer.alloc(20_000, 1))],
  ['MAX_REQUEST_BYTES', 'as a longer form', 413, () => batchForm(Buffer.alloc(150_000, 1))],
  ['MAX_REQUEST_BYTES', 'as JSON', 200, () => json({ items: half.map((each) => ({ image: base64(each) })) }, BATCH)],
  ['MAX_ANSWER_BYTES', '', 400, largeAnswer],
  ['MAX_BATCH_ITEMS', 'as a form', 400, () => batchForm(image, image, image, image)],
  ['MAX_BATCH_ITEMS', 'as JSON', 400, () => json({ items: Array(4).fill({ image: base64(image) }) }, BATCH)],
  ['MAX_IMAGE_PIXELS', '', 413, async () => post(await flat(600, 400).png().toBuffer())],
  ['MAX_DECODE_MS', '', 413, async () => post(await flat(1_600, 1_600).png().toBuffer())],
  ['MAX_DECODE_BYTES', '', 413, async () => post(await flat(400, 400).toColourspace('rgb16').png().toBuffer())],
  ['REQUEST_TIMEOUT_MS', '', 504, () => whileWorkerIsStill(1)],
  ['runtime.maxQueue', '', 503, () => whileWorkerIsStill(5)],
  ['BODY_TIMEOUT_MS', 'of an image', 504, () => raw(`${START}Content-Type: image/png\r\nContent-Length: 9\r\n\r\n`)],
  ['BODY_TIMEOUT_MS', 'of the headers', 408, () => raw(START)],
  ['BODY_TIMEOUT_MS', 'of a policy', 504, () => raw(`${POLICY}Content-Length: 9\r\n\r\n{`)],
  ['URL_TIMEOUT_MS', '', 422, () => json({ url: there('/hangs') })],
  ['RATE_LIMIT_PER_MINUTE', '', 429, tooOften],
  ['MAX_CONCURRENT_REQUESTS', '', 503, manyAtOnce],
  ['REGISTRY_TIMEOUT_MS', '', 503, whileStorageHangs],
  ['UPLOAD_MAX_BYTES', '', 413, () => upload(30_000)],
  ['UPLOAD_MAX_BYTES', 'by far', 413, () => upload(2_000_000)],
  ['UPLOAD_TIMEOUT_MS', '', 504, () => raw(`${UPLOAD}${FORM}Content-Length: 99\r\n\r\n--b`)],
  ['--max-http-header-size', '', 431, () => raw(`${START}X-Long: ${'x'.repeat(20_000)}\r\n\r\n`)],
];

const BATCH = '/v1/predict/batch';
const FORM = 'Content-Type: multipart/form-data; boundary=b\r\n';
const POLICY = `PUT /v1/models/pixels/policy HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${KEY}\r\nContent-Type: application/json\r\n`;
const half = [Buffer.alloc(26_000, 1), Buffer.alloc(26_000, 2)];
const batchForm = (...files: Buffer[]) =>
  postForm(
    url(BATCH),
    files.map((file) => ['files', file]),
  );
const VALUES: Record<Setting, number> = { ...SET, 'runtime.maxQueue': MAX_QUEUE, '--max-http-header-size': 16_384 };

it.each(ROWS)('whoever is over %s %s is told so, and what it is: %i', async (setting, _, status, provoke) => {
  const { status: given, body } = await provoke();
  const detail = body.detail ?? body.error ?? body.results.at(-1).error.detail;
  expect([given, detail]).toEqual([status, expect.stringContaining(`(${setting}=${VALUES[setting]})`)]);
});

it('and nothing that was set here has been left out', () => {
  const tried = new Set(ROWS.map(([setting]) => setting));
  expect(Object.keys(VALUES).filter((setting) => !tried.has(setting as Setting))).toEqual([]);
});
