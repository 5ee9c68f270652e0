// A process that classifies one image over and over, with the worker's own code and nothing around it.
import process from 'node:process';
import { numbered } from '../inputs/upload.mjs';
import { median } from '../measure/statistics.mjs';

const { openSession } = (await import('../../dist/libs/inference/src/worker/session.js')).default;
const { Classifier } = (await import('../../dist/libs/tasks/src/image-classification/worker/classifier.js')).default;
const { decodeImage } = (await import('../../dist/libs/tasks/src/image-classification/worker/image/decode.js')).default;
const { preprocess } = (await import('../../dist/libs/tasks/src/image-classification/worker/image/preprocess.js'))
  .default;

const LIMITS = { maxPixels: 50_000_000 };
/** Timed one by one; the first tenth is not counted. */
const FEWEST_ALONE = 10;

let model;
let spec;
let image;

async function load(message) {
  spec = message.spec;
  image = numbered(message.type, Buffer.from(message.image), 0);
  const session = await openSession({ ...spec, threads: message.threads, device: 'cpu' });
  model = new Classifier(session, { spec, maxBatch: message.batch, ...LIMITS });
  // As the worker does.
  for (const count of new Set([1, message.batch])) await model.run(model.allocate(count), count);
}

async function prepare(count) {
  const input = model.allocate(count);
  await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const pixels = await decodeImage(image, LIMITS, spec.input);
      preprocess(pixels, spec.input, input, i * model.imageSize);
    }),
  );
  return input;
}

/** While one batch runs, the next one is decoded. */
async function throughput({ batch, warmUpSeconds, seconds }) {
  let next = prepare(batch);
  const turn = async () => {
    const input = await next;
    next = prepare(batch);
    await model.run(input, batch);
  };
  const loop = async (until) => {
    let images = 0;
    while (performance.now() < until) {
      await turn();
      images += batch;
    }
    return images;
  };
  await loop(performance.now() + warmUpSeconds * 1000);
  const started = performance.now();
  const cpuBefore = process.cpuUsage();
  const images = await loop(started + seconds * 1000);
  const imagesPerSecond = (images * 1000) / (performance.now() - started);
  const { user, system } = process.cpuUsage(cpuBefore);
  await next;
  return { imagesPerSecond, cpuMs: (user + system) / 1000 / images };
}

/** Decode, preprocess and run of one image, one after the other: the least that an answer can take. */
async function alone({ seconds }) {
  const times = [];
  const until = performance.now() + seconds * 1000;
  while (performance.now() < until || times.length < FEWEST_ALONE) {
    const started = performance.now();
    await model.run(await prepare(1), 1);
    times.push(performance.now() - started);
  }
  return { aloneMs: median(times.slice(Math.ceil(times.length / 10))) };
}

const tasks = { load, throughput, alone };

process.on('message', async (message) => {
  try {
    process.send({ ok: true, ...(await tasks[message.task](message)) });
  } catch (error) {
    process.send({ ok: false, detail: error.message });
  }
});
process.on('disconnect', () => process.exit(0));
