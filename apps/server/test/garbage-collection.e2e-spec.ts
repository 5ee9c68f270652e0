import { postImage, request } from '#testing/http';
import { randomPng } from '#testing/images';
import { copyOfBundledModel } from '#testing/registry';
import { ServerProcess } from '#testing/server-process';

const registry = copyOfBundledModel('resnet-cifar10');
let server: ServerProcess;
beforeAll(async () => (server = await ServerProcess.start({ MODEL_REGISTRY: registry.path })), 60_000);
afterAll(async () => {
  await server?.kill();
  registry.remove();
});

async function fullCollections(): Promise<number> {
  const { text } = await request(`${server.url}/metrics`);
  return Number(/^nodejs_gc_duration_seconds_count\{kind="major"\} (\d+)$/m.exec(text)?.[1] ?? 0);
}

async function upload(image: Uint8Array, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    expect((await postImage(`${server.url}/v1/models/resnet-cifar10/predict`, image)).status).toBe(200);
  }
}

it('does not collect the whole heap for every few megabytes of uploads', async () => {
  const image = await randomPng(512);
  // Until the first collection, V8 allows for more.
  await upload(image, 100);
  const before = await fullCollections();
  await upload(image, 150);
  // Some 6; with what V8 does by itself, some 22.
  expect((await fullCollections()) - before).toBeLessThan(13);
});
