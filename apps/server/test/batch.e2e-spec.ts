import { png, randomPixels, randomPng } from '#testing/images';
import { postForm, postImage, postJson } from '#testing/http';
import { expectedScores } from '#testing/onnx-classifier';
import { MODEL, temporaryRegistry, type TemporaryFolder } from '#testing/registry';
import { startServer, type TestServer } from '#testing/server';

const LIMITS = { MAX_BATCH_ITEMS: '12', MAX_IMAGE_BYTES: '20000', MAX_REQUEST_BYTES: '60000' };

let registry: TemporaryFolder;
let server: TestServer;
let good: Buffer;

beforeAll(async () => {
  registry = temporaryRegistry({});
  server = await startServer({ MODEL_REGISTRY: registry.path, ...LIMITS });
  good = await randomPng();
});
afterAll(async () => {
  await server.stop();
  registry.remove();
});

const url = (path = '/v1/predict/batch') => server.url + path;
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

interface Scores {
  class_id: number;
  confidence: number;
}

describe('a batch', () => {
  it.each(['/v1/predict/batch', '/predict/batch'])('is answered in the order of its images: %s', async (path) => {
    const pixels = Array.from({ length: 12 }, () => randomPixels());
    const images = await Promise.all(pixels.map((rgb) => png(rgb)));
    const asForm = postForm(
      url(`${path}?top_k=10`),
      images.map((image) => ['files', image]),
    );
    const asJson = postJson(url(`${path}?top_k=10`), { items: images.map((image) => ({ image: base64(image) })) });
    for (const { status, body } of [await asForm, await asJson]) {
      expect(status).toBe(200);
      expect(body.model).toEqual({ name: MODEL, version: 1, variant: null });
      expect(body.results.map((result: { index: number }) => result.index)).toEqual([...pixels.keys()]);
      pixels.forEach((rgb, i) => {
        const expected = expectedScores(rgb);
        const answered: Scores[] = body.results[i].predictions;
        for (const { class_id, confidence } of answered) expect(confidence).toBeCloseTo(expected[class_id]!, 4);
      });
    }
  });

  it('answers a bad item with its own error, and the others', async () => {
    const { status, body } = await postJson(url(), {
      items: [
        { image: base64(good) },
        { image: base64(Buffer.from('no image')) },
        { image: '***' },
        { image: base64(good), url: 'https://example.com/a.png' },
        { url: 'http://127.0.0.1/a.png' },
        { image: base64(Buffer.alloc(20_001)) },
        'text',
        { image: base64(good) },
      ],
    });
    expect(status).toBe(200);
    const codes = body.results.map((result: { error?: { code: string } }) => result.error?.code ?? 'answered');
    expect(codes).toEqual([
      'answered',
      'INVALID_IMAGE',
      'INVALID_REQUEST',
      'INVALID_REQUEST',
      'URL_NOT_ALLOWED',
      'IMAGE_TOO_LARGE',
      'INVALID_REQUEST',
      'answered',
    ]);
    expect(body.results[0].predictions).toEqual(body.results[7].predictions);
  });

  it('answers a bad file with its own error, and the others', async () => {
    const { status, body } = await postForm(url(), [
      ['files', Buffer.from('text'), 'photo.jpg'],
      ['files', good],
      ['files', new Uint8Array(0)],
    ]);
    expect(status).toBe(200);
    expect(body.results[0].error.code).toBe('INVALID_IMAGE');
    expect(body.results[1].predictions).toHaveLength(5);
    expect(body.results[2].error.code).toBe('INVALID_IMAGE');
  });
});

describe('a batch is refused as a whole', () => {
  const items = (count: number) => ({ items: Array.from({ length: count }, () => ({ image: base64(good) })) });
  const CASES: [string, number, string, () => ReturnType<typeof postJson>][] = [
    ['without items', 400, 'INVALID_REQUEST', () => postJson(url(), { items: [] })],
    ['with a list for a body', 400, 'INVALID_REQUEST', () => postJson(url(), [])],
    ['with items that are no list', 400, 'INVALID_REQUEST', () => postJson(url(), { items: { image: 'x' } })],
    ['with an unknown field', 400, 'INVALID_REQUEST', () => postJson(url(), { ...items(1), priority: 1 })],
    ['with an item too many', 400, 'INVALID_REQUEST', () => postJson(url(), items(13))],
    ['with a file too many', 400, 'INVALID_REQUEST', () => postForm(url(), Array(13).fill(['files', good]))],
    ['with no file', 400, 'INVALID_REQUEST', () => postForm(url(), [])],
    ['with a file in another field', 400, 'INVALID_REQUEST', () => postForm(url(), [['file', good]])],
    [
      'with a text field',
      400,
      'INVALID_REQUEST',
      () =>
        postForm(url(), [
          ['files', good],
          ['note', 'x'],
        ]),
    ],
    ['with a file too large', 413, 'IMAGE_TOO_LARGE', () => postForm(url(), [['files', Buffer.alloc(20_001)]])],
    [
      'with files that are too large together',
      413,
      'IMAGE_TOO_LARGE',
      () => postForm(url(), Array(4).fill(['files', Buffer.alloc(18_000)])),
    ],
    ['with an image for a body', 415, 'UNSUPPORTED_MEDIA_TYPE', () => postImage(url(), good)],
    [
      'with a top_k that is too large',
      400,
      'INVALID_REQUEST',
      () => postJson(url('/v1/predict/batch?top_k=11'), items(1)),
    ],
    ['for an unknown version', 404, 'VERSION_NOT_FOUND', () => postJson(url('/v1/predict/batch?version=9'), items(1))],
  ];
  it.each(CASES)('%s', async (_, status, code, send) => {
    const answer = await send();
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(answer.headers.get('content-type')).toMatch('application/problem+json');
    expect((await postJson(url(), items(1))).status).toBe(200);
  });
});
