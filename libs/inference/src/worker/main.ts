import { Socket, type ConnectOpts, type SocketConstructorOpts } from 'node:net';
import { FrameReader } from '../batch-frames';
import { EyrieError, monotonicNow } from '#core';
import {
  BATCH_PIPE,
  type FromWorker,
  type ItemFailure,
  type ItemPrediction,
  type ItemResult,
  type LoadMessage,
  type RunMessage,
} from '../messages';
import { Classifier, ModelLoadError } from './classifier';
import { decodeImage } from './image/decode';
import { preprocess } from './image/preprocess';
import { topK } from './scores';

/** Runs in a process of its own: loads one model version, then answers batches until the server lets go of it. */

/** As much as a pipe of the system holds, and more. */
const READ_BYTES = 262_144;

const MEMORY_REPORT_EVERY_MS = 500;

let classifier: Classifier | undefined;
let settings: LoadMessage | undefined;
// Runs follow each other; decoding does not wait for them.
let lastRun: Promise<void> = Promise.resolve();
let memoryReport: NodeJS.Timeout | undefined;

function send(message: FromWorker): void {
  process.send?.(message);
}

async function load(message: LoadMessage): Promise<void> {
  try {
    const started = performance.now();
    const loaded = await Classifier.load(message.spec, message.threads, message.device);
    const loadedAt = performance.now();
    // The first run of each shape allocates; clients should not wait for that.
    const warmBatches = new Set([1, Math.min(message.maxBatch, 4)]);
    for (const count of warmBatches) await loaded.run(loaded.allocate(count), count);
    classifier = loaded;
    settings = message;
    send({
      type: 'loaded',
      loadMs: loadedAt - started,
      warmUpMs: performance.now() - loadedAt,
      fixedBatch: loaded.fixedBatch,
      rssBytes: process.memoryUsage.rss(),
    });
  } catch (error) {
    if (error instanceof ModelLoadError) send({ type: 'load-failed', detail: error.message, fault: error.fault });
    else {
      const detail = `the model does not run: ${String(error)}`;
      send({ type: 'load-failed', detail, fault: { kind: 'does-not-run' } });
    }
  }
}

async function run(message: RunMessage): Promise<void> {
  const model = classifier!;
  const { spec, maxPixels } = settings!;
  const count = message.items.length;
  const input = model.allocate(count);
  const results = new Array<ItemResult>(count);
  const decodings = new Array<Decoding>(count);
  const decoded: number[] = [];
  const decoding = message.items.map(async ({ image }, i) => {
    const decodeAt = monotonicNow();
    try {
      const pixels = await decodeImage(image, { maxPixels }, spec.input);
      preprocess(pixels, spec.input, input, i * model.imageSize);
      decodings[i] = { decodeAt, decodeMs: monotonicNow() - decodeAt };
      decoded.push(i);
    } catch (error) {
      results[i] = { ...failure(error), decodeAt, decodeMs: monotonicNow() - decodeAt };
    }
  });
  const previous = lastRun;
  lastRun = (async () => {
    await Promise.all([previous, ...decoding]);
    if (decoded.length > 0) await infer(model, input, decoded, message, decodings, results);
    send({ type: 'result', batch: message.batch, items: results });
    memoryReport ??= setTimeout(reportMemory, MEMORY_REPORT_EVERY_MS);
  })();
  await lastRun;
}

/** Reading it takes as long as decoding a small image: not for every answer, and once more after the last one. */
function reportMemory(): void {
  memoryReport = undefined;
  send({ type: 'memory', rssBytes: process.memoryUsage.rss() });
}

type Decoding = Pick<ItemPrediction, 'decodeAt' | 'decodeMs'>;

/** Runs the images that could be decoded, moved together, and writes the answers to their places in `results`. */
async function infer(
  model: Classifier,
  input: ReturnType<Classifier['allocate']>,
  decoded: number[],
  message: RunMessage,
  decodings: Decoding[],
  results: ItemResult[],
): Promise<void> {
  decoded.sort((a, b) => a - b);
  decoded.forEach((from, to) => {
    if (from !== to) input.copyWithin(to * model.imageSize, from * model.imageSize, (from + 1) * model.imageSize);
  });
  const batchSize = decoded.length;
  const used = model.allocate(batchSize).length;
  try {
    const runAt = monotonicNow();
    const scores = await model.run(input.subarray(0, used), batchSize);
    const ranAt = monotonicNow();
    const best = decoded.map((item, row) => topK(scores[row]!, message.items[item]!.topK));
    const shared = { runAt, inferenceMs: ranAt - runAt, postMs: monotonicNow() - ranAt, batchSize };
    decoded.forEach((item, row) => {
      results[item] = { ok: true, top: best[row]!, ...decodings[item]!, ...shared };
    });
  } catch (error) {
    for (const item of decoded) {
      results[item] = { ok: false, code: 'WORKER_FAILED', detail: `the model failed on this batch: ${String(error)}` };
    }
  }
}

function failure(error: unknown): ItemFailure {
  if (error instanceof EyrieError) return { ok: false, code: error.code, detail: error.message };
  return { ok: false, code: 'INVALID_IMAGE', detail: `the image cannot be decoded: ${String(error)}` };
}

process.on('message', (message: LoadMessage) => void load(message));

const frames = new FrameReader((message) => void run(message));
const pipe: SocketConstructorOpts & ConnectOpts = {
  fd: BATCH_PIPE,
  // One buffer for all that comes: a new one for each read would leave it to the garbage collector.
  onread: {
    buffer: Buffer.allocUnsafeSlow(READ_BYTES),
    callback: (count, buffer) => {
      frames.push(buffer.subarray(0, count));
      return true;
    },
  },
};
const batches = new Socket(pipe);
batches.once('end', () => void lastRun.then(() => process.disconnect()));
batches.resume();

// The server decides when a worker ends; a Ctrl-C in the terminal reaches both.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
// The server is gone, or has let go: nobody is left to answer to.
process.on('disconnect', () => process.exit(0));
