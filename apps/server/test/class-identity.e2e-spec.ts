import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { postImage, request } from '#testing/http';
import { randomPng } from '#testing/images';
import { mixingClassifier } from '#testing/mixing-classifier';
import { specFor, writeVersion } from '#testing/onnx-classifier';
import { temporaryFolder, type TemporaryFolder } from '#testing/registry';
import { startServer, type TestServer } from '#testing/server';
import { createHash } from 'node:crypto';

let registry: TemporaryFolder;
let server: TestServer;
const THRESHOLD = 0.55;

beforeAll(async () => {
  registry = temporaryFolder();
  const { input } = specFor({});
  const output = { name: 'output', activation: 'sigmoid', multi_label: true, threshold: THRESHOLD };
  writeVersion(registry.path, 'tags', 1, { manifest: { output } });
  writeVersion(registry.path, 'none', 1, { manifest: { output: { ...output, threshold: 1 } } });
  writeVersion(registry.path, 'twins', 1);
  for (const model of ['tags', 'twins']) writeFileSync(join(registry.path, model, '1/labels.txt'), 'dog\n'.repeat(10));
  const mixing = mixingClassifier('a scale that is found at run time');
  const sha256 = createHash('sha256').update(mixing).digest('hex');
  const artifact = { file: 'model.onnx', sha256, bytes: mixing.length };
  writeVersion(registry.path, 'mixes', 1, { manifest: { artifact, input, runtime: { workers: 1, threads: 1 } } });
  writeFileSync(join(registry.path, 'mixes/1/model.onnx'), mixing);
  server = await startServer({ MODEL_REGISTRY: registry.path, MODEL_NAME: 'tags', CACHE_MAX_BYTES: '1000000' });
});
afterAll(async () => {
  await server.stop();
  registry.remove();
});

const predict = async (model: string, image: Buffer, query = '') =>
  (await postImage(`${server.url}/v1/models/${model}/predict${query}`, image)).body as {
    predictions: { class_id: number; label: string; confidence: number }[];
    cached: boolean;
  };

/** How often each class was counted. */
async function counted(model: string): Promise<Map<number, number>> {
  const { text } = await request(`${server.url}/metrics`);
  const found = text.matchAll(
    new RegExp(`^prediction_class_total\\{model="${model}",version="1",class_id="(\\d+)",label="dog"\\} (\\d+)$`, 'gm'),
  );
  return new Map([...found].map(([, id, count]) => [Number(id), Number(count)]));
}

it('a multi-label model names all classes that reach its threshold, and each is counted by itself', async () => {
  const image = await randomPng();
  const all = await predict('tags', image);
  expect(all.predictions.every(({ confidence }) => confidence >= THRESHOLD)).toBe(true);
  // Logits are spread around 0, ten of them.
  expect(all.predictions.length).toBeGreaterThan(1);
  expect(all.predictions.length).toBeLessThan(10);
  const again = await predict('tags', image);
  expect(again).toMatchObject({ cached: true, predictions: all.predictions });
  const one = await predict('tags', image, '?top_k=1');
  expect(one).toMatchObject({ cached: true, predictions: all.predictions.slice(0, 1) });
  const counts = await counted('tags');
  expect([...counts.keys()].sort()).toEqual(all.predictions.map(({ class_id }) => class_id).sort());
  expect(counts.get(all.predictions[0]!.class_id)).toBe(3);
});

it('and may name none', async () => {
  const image = await randomPng();
  expect((await predict('none', image)).predictions).toEqual([]);
  expect(await predict('none', image)).toMatchObject({ predictions: [], cached: true });
});

it('classes with the same label are told and counted apart', async () => {
  const ids = new Set<number>();
  for (let i = 0; i < 20; i++) {
    const [best] = (await predict('twins', await randomPng(), '?top_k=1')).predictions;
    ids.add(best!.class_id);
  }
  expect(ids.size).toBeGreaterThan(1);
  expect(new Set((await counted('twins')).keys())).toEqual(ids);
});

it('a version whose answers depend on the batch is served one by one, and that is told', async () => {
  const { body } = await request(`${server.url}/v1/models/mixes`);
  const [version] = body.versions as { state: string; reason: string }[];
  expect(version).toMatchObject({
    state: 'READY',
    reason: expect.stringMatching(/others in its batch.*"maxBatch": 1/),
  });
  expect((await request(`${server.url}/metrics`)).text).toMatch(/^registry_problems 1$/m);
  expect(server.version(1, 'mixes').predictor!.maxBatch).toBe(1);
  const problems = server.log.filter(({ message }) => String(message).includes('others in its batch'));
  expect(problems.length).toBeGreaterThan(0);
});
