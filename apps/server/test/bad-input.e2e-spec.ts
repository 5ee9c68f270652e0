import { randomBytes } from 'node:crypto';
import { deflateRawSync, gzipSync } from 'node:zlib';
import { animatedGif, pixelBomb, pngOf, tiffBomb } from '#testing/hostile-images';
import { postForm, postImage, postJson, RawClient, request, sample, type Answer } from '#testing/http';
import { randomPng } from '#testing/images';
import { MODEL, temporaryRegistry, type TemporaryFolder } from '#testing/registry';
import { startServer, type TestServer } from '#testing/server';
import { until } from '#testing/until';

let registry: TemporaryFolder;
let server: TestServer;
let good: Buffer;
let workers: number[];

beforeAll(async () => {
  registry = temporaryRegistry({}, {});
  server = await startServer({ MODEL_REGISTRY: registry.path, MAX_IMAGE_BYTES: '300000' });
  good = await randomPng();
  workers = server.version(2).predictor!.workers.pids;
});
afterAll(async () => {
  await server.stop();
  registry.remove();
});
afterEach(async () => {
  // Whatever came before, the service serves, and no worker had to be replaced for it.
  const { status } = await postImage(url(), good);
  expect(status).toBe(200);
  expect(server.version(2).predictor!.workers.pids).toEqual(workers);
});

const url = (query = '') => `${server.url}/v1/predict${query}`;

function expectProblem(answer: Answer, status: number, code: string): void {
  expect([answer.status, answer.body?.code]).toEqual([status, code]);
  expect(answer.headers.get('content-type')).toMatch('application/problem+json');
  expect(answer.body).toMatchObject({
    type: `urn:eyrie:problem:${code.toLowerCase().replaceAll('_', '-')}`,
    title: expect.any(String),
    status,
    detail: expect.stringMatching(/\S/),
    request_id: answer.headers.get('x-request-id'),
  });
}

const JSON_TYPE = { 'Content-Type': 'application/json' };

type Case = [what: string, status: number, code: string, send: () => Promise<Answer>];

describe('a body that is no image', () => {
  const CASES: Case[] = [
    ['nothing at all', 400, 'INVALID_REQUEST', () => request(url(), { method: 'POST' })],
    [
      'an empty image',
      400,
      'INVALID_IMAGE',
      () => postImage(url(), new Uint8Array(0), { 'Content-Type': 'image/png' }),
    ],
    ['empty JSON', 400, 'INVALID_REQUEST', () => postJson(url(), '')],
    ['an empty file', 400, 'INVALID_IMAGE', () => postForm(url(), [['file', new Uint8Array(0)]])],
    ['a form without a file', 400, 'INVALID_REQUEST', () => postForm(url(), [])],
    ['a form with text for the file', 400, 'INVALID_REQUEST', () => postForm(url(), [['file', 'text']])],
    ['a file in another field', 400, 'INVALID_REQUEST', () => postForm(url(), [['image', good]])],
    [
      'a second file',
      400,
      'INVALID_REQUEST',
      () =>
        postForm(url(), [
          ['file', good],
          ['file', good],
        ]),
    ],
    [
      'a file and a text field',
      400,
      'INVALID_REQUEST',
      () =>
        postForm(url(), [
          ['file', good],
          ['note', 'x'],
        ]),
    ],
    [
      'a text field and a file',
      400,
      'INVALID_REQUEST',
      () =>
        postForm(url(), [
          ['note', 'x'],
          ['file', good],
        ]),
    ],
    [
      'text under the name photo.jpg',
      400,
      'INVALID_IMAGE',
      () => postForm(url(), [['file', Buffer.from('text'), 'photo.jpg']]),
    ],
    ['wrong base64', 400, 'INVALID_REQUEST', () => postJson(url(), { image: 'not base64!' })],
    ['base64 of odd length', 400, 'INVALID_REQUEST', () => postJson(url(), { image: 'AAAAA' })],
    ['empty base64', 400, 'INVALID_IMAGE', () => postJson(url(), { image: '' })],
    ['a data: URI that is not base64', 400, 'INVALID_REQUEST', () => postJson(url(), { image: 'data:text/plain,hi' })],
    ['base64 of text', 400, 'INVALID_IMAGE', () => postJson(url(), { image: Buffer.from('text').toString('base64') })],
    ['an image that is a number', 400, 'INVALID_REQUEST', () => postJson(url(), { image: 1 })],
    ['an image that is null', 400, 'INVALID_REQUEST', () => postJson(url(), { image: null })],
    ['a URL that is a list', 400, 'INVALID_REQUEST', () => postJson(url(), { url: ['http://example.com'] })],
    ['a URL that is none', 400, 'URL_NOT_ALLOWED', () => postJson(url(), { url: 'ship.png' })],
    ['both image and url', 400, 'INVALID_REQUEST', () => postJson(url(), { image: 'AAAA', url: 'http://example.com' })],
    ['neither image nor url', 400, 'INVALID_REQUEST', () => postJson(url(), {})],
    ['an unknown field', 400, 'INVALID_REQUEST', () => postJson(url(), { image: 'AAAA', priority: 'x' })],
    ['a model in JSON', 400, 'INVALID_REQUEST', () => postJson(url(), { image: 'AAAA', model: 'x' })],
    ['a field twice', 400, 'INVALID_REQUEST', () => postJson(url(), '{"image":"AAAA","image":"AAAA"}')],
    ['a top_k that is text', 400, 'INVALID_REQUEST', () => postJson(url(), { image: 'AAAA', top_k: '3' })],
    [
      'another top_k than the query',
      400,
      'INVALID_REQUEST',
      () => postJson(url('?top_k=1'), { image: 'AAAA', top_k: 2 }),
    ],
    ['something behind its JSON', 400, 'INVALID_REQUEST', () => postJson(url(), '{"image":"AAAA"}}')],
    ['300,000 empty objects', 400, 'INVALID_REQUEST', () => postJson(url(), `{"image":[${'{},'.repeat(100_000)}{}]}`)],
    [
      'text in the field of the file, by a client that forgot the @',
      400,
      'INVALID_REQUEST',
      () => postForm(url(), [['file', '/home/me/ship.png']]),
    ],
    [
      'a version in a form',
      400,
      'INVALID_REQUEST',
      () =>
        postForm(url(), [
          ['version', '2'],
          ['file', good],
        ]),
    ],
    [
      'a top_k of none in a form',
      400,
      'INVALID_REQUEST',
      () =>
        postForm(url(), [
          ['file', good],
          ['top_k', '0'],
        ]),
    ],
    [
      'two top_k in a form',
      400,
      'INVALID_REQUEST',
      () =>
        postForm(url(), [
          ['top_k', '1'],
          ['top_k', '1'],
          ['file', good],
        ]),
    ],
    ['the field __proto__', 400, 'INVALID_REQUEST', () => postJson(url(), '{"image":"AAAA","__proto__":{"url":"x"}}')],
    ['a JSON list', 400, 'INVALID_REQUEST', () => postJson(url(), [])],
    ['JSON null', 400, 'INVALID_REQUEST', () => postJson(url(), 'null')],
    ['a JSON string', 400, 'INVALID_REQUEST', () => postJson(url(), '"text"')],
    ['broken JSON', 400, 'INVALID_REQUEST', () => postJson(url(), '{"image":')],
    [
      'JSON that is not UTF-8',
      400,
      'INVALID_REQUEST',
      () => postImage(url(), Buffer.from('{"image":"\xff"}', 'latin1'), JSON_TYPE),
    ],
    [
      'JSON 10,000 levels deep',
      400,
      'INVALID_REQUEST',
      () => postJson(url(), `{"image":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_001)}`),
    ],
    ['JSON of 10,000 lists', 400, 'INVALID_REQUEST', () => postJson(url(), '['.repeat(10_000) + ']'.repeat(10_000))],
    ['JSON of 100,000 open lists', 400, 'INVALID_REQUEST', () => postJson(url(), '['.repeat(100_000))],
  ];
  it.each(CASES)('%s → %i %s', async (_, status, code, send) => expectProblem(await send(), status, code));

  it.each<[string, [string, Uint8Array | string][], string]>([
    [
      'the field that has no place in it',
      [
        ['photo', good],
        ['file', good],
      ],
      'it has a field "photo"',
    ],
    [
      'that there are several',
      [
        ['file', good],
        ['file', good],
      ],
      'it has more files',
    ],
  ])('of a form it says %s', async (_, fields, detail) => {
    const { body } = await postForm(url(), fields);
    expect(body).toMatchObject({ detail: expect.stringContaining(detail) });
  });
});

describe('an image that cannot be taken', () => {
  const jpeg = sample('cat.jpg');
  const png = sample('ship.png');
  const webp = sample('bird.webp');
  const half = (bytes: Buffer) => bytes.subarray(0, bytes.length / 2);
  const svg = '<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>';
  const CASES: [string, number, string, Uint8Array][] = [
    ['a truncated JPEG', 400, 'INVALID_IMAGE', half(jpeg)],
    ['a truncated PNG', 400, 'INVALID_IMAGE', half(png)],
    ['a truncated WebP', 400, 'INVALID_IMAGE', half(webp)],
    ["a JPEG's first three bytes", 400, 'INVALID_IMAGE', jpeg.subarray(0, 3)],
    ["a PNG's first eight bytes", 400, 'INVALID_IMAGE', png.subarray(0, 8)],
    ["a WebP's first twelve bytes", 400, 'INVALID_IMAGE', webp.subarray(0, 12)],
    [
      'a JPEG with a damaged middle',
      400,
      'INVALID_IMAGE',
      Buffer.concat([jpeg.subarray(0, 300), Buffer.alloc(jpeg.length)]),
    ],
    ['a header of 64,000 by 64,000 in 5 KB', 413, 'IMAGE_TOO_LARGE', pixelBomb()],
    ['a header of 2,147,483,647 by 1', 413, 'IMAGE_TOO_LARGE', pngOf(2_147_483_647, 1, new Uint8Array(10))],
    ['a header of 0 by 0', 400, 'INVALID_IMAGE', pngOf(0, 0, new Uint8Array(10))],
    ['an SVG', 400, 'INVALID_IMAGE', Buffer.from(svg)],
    ['an SVG with a declaration', 400, 'INVALID_IMAGE', Buffer.from(`<?xml version="1.0"?><!-- -->${svg}`)],
    ['a PDF', 400, 'INVALID_IMAGE', Buffer.from('%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n')],
    ['a TIFF bomb', 400, 'INVALID_IMAGE', tiffBomb()],
    ['an animation of 20,000 by 20,000', 413, 'IMAGE_TOO_LARGE', gifHeader(20_000)],
    ['gzipped PNG', 400, 'INVALID_IMAGE', gzipSync(png)],
    ['deflated zeros', 400, 'INVALID_IMAGE', deflateRawSync(new Uint8Array(10_000_000))],
    ['random bytes', 400, 'INVALID_IMAGE', randomBytes(5_000)],
    ['a byte more than MAX_IMAGE_BYTES', 413, 'IMAGE_TOO_LARGE', new Uint8Array(300_001)],
  ];
  describe.each(['as the body', 'in a form', 'as base64'])('%s', (way) => {
    it.each(CASES)('%s → %i %s', async (_, status, code, bytes) => {
      const send: Record<string, () => Promise<Answer>> = {
        'as the body': () => postImage(url(), bytes, { 'Content-Type': 'image/jpeg' }),
        'in a form': () => postForm(url(), [['file', bytes, 'photo.jpg']]),
        'as base64': () => postJson(url(), { image: Buffer.from(bytes).toString('base64') }),
      };
      expectProblem(await send[way]!(), status, code);
    });
  });

  it('of 1,000 animation frames only the first one is read', async () => {
    const started = performance.now();
    const { status } = await postImage(url(), animatedGif(16, 1_000));
    expect(status).toBe(200);
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

describe('a question that makes no sense', () => {
  const CASES: [string, number, string][] = [
    ['?top_k=0', 400, 'INVALID_REQUEST'],
    ['?top_k=-1', 400, 'INVALID_REQUEST'],
    ['?top_k=1000000000', 400, 'INVALID_REQUEST'],
    ['?top_k=1e9', 400, 'INVALID_REQUEST'],
    ['?top_k=abc', 400, 'INVALID_REQUEST'],
    ['?top_k=', 400, 'INVALID_REQUEST'],
    ['?top_k=1.5', 400, 'INVALID_REQUEST'],
    ['?top_k=0x2', 400, 'INVALID_REQUEST'],
    ['?top_k=NaN', 400, 'INVALID_REQUEST'],
    ['?top_k=11', 400, 'INVALID_REQUEST'],
    ['?top_k=1&top_k=2', 400, 'INVALID_REQUEST'],
    ['?top_k[]=1', 400, 'INVALID_REQUEST'],
    ['?topk=1', 400, 'INVALID_REQUEST'],
    ['?__proto__=1', 400, 'INVALID_REQUEST'],
    ['?model=nobody', 404, 'MODEL_NOT_FOUND'],
    ['?model=', 400, 'INVALID_REQUEST'],
    ['?model=../../etc/passwd', 400, 'INVALID_REQUEST'],
    ['?model=__proto__', 400, 'INVALID_REQUEST'],
    ['?version=9', 404, 'VERSION_NOT_FOUND'],
    ['?version=nobody', 404, 'VERSION_NOT_FOUND'],
    ['?version=constructor', 404, 'VERSION_NOT_FOUND'],
    ['?version=0', 400, 'INVALID_REQUEST'],
    ['?version=-1', 400, 'INVALID_REQUEST'],
    ['?version=1.0', 400, 'INVALID_REQUEST'],
    ['?version=2%20OR%201%3D1', 400, 'INVALID_REQUEST'],
    ['?version=99999999999999999999', 400, 'INVALID_REQUEST'],
    [`?version=${'a'.repeat(5_000)}`, 400, 'INVALID_REQUEST'],
    ['?version=1&version=2', 400, 'INVALID_REQUEST'],
  ];
  it.each(CASES)('%.40s → %i %s', async (query, status, code) => {
    expectProblem(await postImage(url(query), good), status, code);
  });

  it.each([
    [`/v1/models/nobody/predict`, 404, 'MODEL_NOT_FOUND'],
    [`/v1/models/${MODEL}/versions/9/predict`, 404, 'VERSION_NOT_FOUND'],
    [`/v1/models/${MODEL}/versions/nobody/predict`, 404, 'VERSION_NOT_FOUND'],
    [`/v1/models/${MODEL}/versions/2%20OR%201=1/predict`, 400, 'INVALID_REQUEST'],
    [`/v1/models/..%2f..%2fetc/predict`, 400, 'INVALID_REQUEST'],
    [`/v1/models/${MODEL}/predict?model=${MODEL}`, 400, 'INVALID_REQUEST'],
    [`/v1/models/${MODEL}/versions/1/predict?version=2`, 400, 'INVALID_REQUEST'],
    [`/v1/models/%zz/predict`, 400, 'INVALID_REQUEST'],
  ])('%s → %i %s', async (path, status, code) => {
    expectProblem(await postImage(server.url + path, good), status, code);
  });
});

describe('a media type that is not taken', () => {
  const send = (headers: Record<string, string>, body: Uint8Array = good) => postImage(url(), body, headers);
  const CASES: Case[] = [
    ['text/plain', 415, 'UNSUPPORTED_MEDIA_TYPE', () => send({ 'Content-Type': 'text/plain' })],
    [
      'a form that is not multipart',
      415,
      'UNSUPPORTED_MEDIA_TYPE',
      () => send({ 'Content-Type': 'application/x-www-form-urlencoded' }),
    ],
    ['none', 415, 'UNSUPPORTED_MEDIA_TYPE', () => send({ 'Content-Type': '' })],
    ['nonsense', 415, 'UNSUPPORTED_MEDIA_TYPE', () => send({ 'Content-Type': ';;;' })],
    ['an image said to be JSON', 400, 'INVALID_REQUEST', () => send({ 'Content-Type': 'application/json' })],
    [
      'JSON said to be an image',
      400,
      'INVALID_IMAGE',
      () => send({ 'Content-Type': 'image/png' }, Buffer.from('{"image":"AAAA"}')),
    ],
    [
      'JSON in UTF-16',
      415,
      'UNSUPPORTED_MEDIA_TYPE',
      () => postJson(url(), '{}', { 'Content-Type': 'application/json; charset=utf-16' }),
    ],
    ['a gzipped body', 415, 'UNSUPPORTED_MEDIA_TYPE', () => send({ 'Content-Encoding': 'gzip' }, gzipSync(good))],
    ['gzipped JSON', 415, 'UNSUPPORTED_MEDIA_TYPE', () => postJson(url(), '{}', { 'Content-Encoding': 'gzip' })],
    [
      'a gzipped form',
      415,
      'UNSUPPORTED_MEDIA_TYPE',
      () => send({ 'Content-Type': 'multipart/form-data; boundary=x', 'Content-Encoding': 'gzip' }, gzipSync(good)),
    ],
  ];
  it.each(CASES)('%s → %i %s', async (_, status, code, post) => expectProblem(await post(), status, code));
});

describe('a broken form', () => {
  const form = (body: string, type = 'multipart/form-data; boundary=XX') =>
    postImage(url(), Buffer.from(body, 'latin1'), { 'Content-Type': type });
  const part = (disposition: string, content = 'x') =>
    `--XX\r\nContent-Disposition: ${disposition}\r\n\r\n${content}\r\n`;
  const CASES: [string, () => Promise<Answer>][] = [
    ['without a boundary', () => form('--XX--\r\n', 'multipart/form-data')],
    ['with an empty boundary', () => form('--\r\n\r\n----\r\n', 'multipart/form-data; boundary=')],
    ['with an empty boundary in quotes', () => form('--XX--\r\n', 'multipart/form-data; boundary=""')],
    ['with a boundary of 71 characters', () => form('--XX--\r\n', `multipart/form-data; boundary=${'b'.repeat(71)}`)],
    [
      'with a form in it',
      () =>
        form(
          `--XX\r\nContent-Disposition: form-data; name="file"\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--XX--\r\n`,
        ),
    ],
    ['with another boundary', () => form('--YY\r\n\r\n--YY--\r\n')],
    ['that ends in a file', () => form(part('form-data; name="file"; filename="a.png"').slice(0, -2))],
    ['that ends in a header', () => form('--XX\r\nContent-Dispo')],
    ['without a name', () => form(`${part('form-data; filename="a.png"')}--XX--\r\n`)],
    ['of nothing but its end', () => form('--XX--\r\n')],
    ['of binary rubbish', () => form('\x00\xff\x00\xff'.repeat(500))],
    ['whose file input was left empty', () => form(`${part('form-data; name="file"; filename=""', '')}--XX--\r\n`)],
    ['with a header of 20 KB', () => form(`--XX\r\nX-A: ${'a'.repeat(20_000)}\r\n\r\nx\r\n--XX--\r\n`)],
    ['with 10,000 parts', () => form(`${part('form-data; name="a"').repeat(3_000)}--XX--\r\n`)],
  ];
  it.each(CASES)('%s → 400 INVALID_REQUEST', async (_, send) => expectProblem(await send(), 400, 'INVALID_REQUEST'));
});

describe('what is hardly HTTP', () => {
  const HEAD = 'POST /v1/predict HTTP/1.1\r\nHost: x\r\n';
  const CASES: [string, number, string][] = [
    ['a header of 64 KB', 431, `GET /health HTTP/1.1\r\nHost: x\r\nX-Big: ${'a'.repeat(65_536)}\r\n\r\n`],
    ['10,000 headers', 431, `GET /health HTTP/1.1\r\nHost: x\r\n${'X-A: b\r\n'.repeat(10_000)}\r\n`],
    ['a path of 64 KB', 431, `GET /${'a'.repeat(65_536)} HTTP/1.1\r\nHost: x\r\n\r\n`],
    ['no HTTP at all', 400, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'],
    ['no Host', 400, 'GET /health HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['two lengths', 400, `${HEAD}Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx`],
    ['a length and chunks', 400, `${HEAD}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['a negative length', 400, `${HEAD}Content-Length: -1\r\n\r\n`],
    ['a broken chunk', 400, `${HEAD}Content-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`],
    ['an unknown expectation', 417, `${HEAD}Expect: the-unexpected\r\nContent-Length: 0\r\n\r\n`],
  ];
  it.each(CASES)('%s → %i', async (_, status, text) => {
    const client = await RawClient.connect(server.port);
    client.send(text);
    await until(() => client.body !== undefined, `there is an answer, not ${JSON.stringify(client.received)}`);
    expect(client.status).toBe(status);
    expect(client.received).toMatch(/^content-type: application\/problem\+json/im);
    expect(client.body).toMatchObject({ code: 'INVALID_REQUEST', status, request_id: expect.any(String) });
    await until(() => client.closed, 'the connection is closed');
  });

  it('a client that asks whether it may continue is told to', async () => {
    const client = await RawClient.connect(server.port);
    client.send(`${HEAD}Content-Type: image/png\r\nContent-Length: ${good.length}\r\nExpect: 100-continue\r\n\r\n`);
    await until(() => client.status === 100, 'it may continue');
    client.send(good);
    await until(() => client.received.includes('HTTP/1.1 200'), 'it is answered');
    client.leave();
  });
});

/** A GIF whose first frame claims to be so large. */
function gifHeader(size: number): Buffer {
  const gif = animatedGif(2, 100);
  for (const at of [6, 8, 32, 34]) gif.writeUInt16LE(size, at);
  return gif;
}
