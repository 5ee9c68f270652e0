import { png, randomPixels } from '#testing/images';
import { postForm, postImage, postJson, type Answer } from '#testing/http';
import { expectedScores } from '#testing/onnx-classifier';
import { temporaryRegistry, type TemporaryFolder } from '#testing/registry';
import { startServer, type TestServer } from '#testing/server';

let registry: TemporaryFolder;
let server: TestServer;

beforeAll(async () => {
  // Version 2 has other weights: an answer of the wrong version would show as well.
  const runtime = { workers: 2, threads: 1, maxBatch: 5, maxQueue: 1000 };
  registry = temporaryRegistry({ manifest: { runtime } }, { manifest: { runtime } });
  server = await startServer({ MODEL_REGISTRY: registry.path, LOAD: 'all', CACHE_MAX_BYTES: '1000000' });
});
afterAll(async () => {
  await server.stop();
  registry.remove();
});

interface Scores {
  class_id: number;
  confidence: number;
}

function expectScores(predictions: Scores[], rgb: Uint8Array, version: number): void {
  const expected = expectedScores(rgb, { seed: version });
  expect(predictions).toHaveLength(10);
  for (const { class_id, confidence } of predictions) expect(confidence).toBeCloseTo(expected[class_id]!, 4);
}

describe('an answer never reaches another caller', () => {
  it('with 400 random images in flight, in every way to send them, among bad ones and clients that leave', async () => {
    const url = `${server.url}/v1/predict?top_k=10`;
    const send = async (i: number): Promise<void> => {
      const rgb = randomPixels();
      const image = await png(rgb);
      const version = (i % 2) + 1;
      const to = `${url}&version=${version}`;
      const id = `caller-${i}`;
      const headers = { 'X-Request-Id': id };
      let answer: Answer;
      switch (i % 5) {
        case 0:
          // Whatever becomes of the first of two at once, the second has its answer.
          void postImage(to, image, headers).catch(() => undefined);
          answer = await postImage(to, image, headers);
          break;
        case 1:
          answer = await postJson(to, { image: image.toString('base64') }, headers);
          break;
        case 2:
          answer = await postForm(to, [['file', image]]);
          expect(answer.status).toBe(200);
          return expectScores(answer.body.predictions, rgb, version);
        case 3:
          answer = await postImage(to, image.subarray(0, 40), headers);
          expect([answer.status, answer.body.request_id]).toEqual([400, id]);
          return;
        default: {
          const leaving = fetch(to, {
            method: 'POST',
            body: image as RequestInit['body'],
            signal: AbortSignal.timeout(i % 7),
          });
          return void (await leaving.catch(() => undefined));
        }
      }
      expect([answer.status, answer.body.request_id, answer.body.model.version]).toEqual([200, id, version]);
      expectScores(answer.body.predictions, rgb, version);
    };
    const batch = async (): Promise<void> => {
      const pixels = Array.from({ length: 10 }, () => randomPixels());
      const items = await Promise.all(pixels.map(async (rgb) => ({ image: (await png(rgb)).toString('base64') })));
      const { status, body } = await postJson(`${server.url}/v1/predict/batch?top_k=10&version=1`, { items });
      expect(status).toBe(200);
      pixels.forEach((rgb, i) => expectScores(body.results[i].predictions, rgb, 1));
    };
    await Promise.all([...Array.from({ length: 400 }, (_, i) => send(i)), batch(), batch(), batch()]);
  });
});
