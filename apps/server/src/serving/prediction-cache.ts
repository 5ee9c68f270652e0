import { Injectable } from '@nestjs/common';
import { hash, webcrypto } from 'node:crypto';
import { AnswerCache, type CacheSource, type Shared, type Waiter } from '#cache';
import type { ClassScore, Prediction } from '#inference';
import type { ModelVersion } from '#registry';
import { BUILD_INFO } from '../build-info';

export interface PredictionQuery extends Waiter {
  topK: number;
}

/** A prediction as a client gets it. Timings of one that was computed for another request are 0, but for the total. */
export interface GivenPrediction extends Prediction {
  source: CacheSource;
}

/** Above so many bytes an image is hashed on another thread: at 0.4 to 2 GB/s it would hold up every other request. */
const HASH_ELSEWHERE = 256 * 1024;

/** From this share of hits on. Reading an upload costs a small part of what an answer is worth. */
const WORTH_ASKING = 0.1;

/** Answers from the cache where the same version has seen the same image before, or is just looking at it. */
@Injectable()
export class PredictionCache {
  constructor(private readonly cache: AnswerCache) {}

  /** Whether an image that no worker has room for should be received nevertheless, since its answer may be here. */
  get isWorthAsking(): boolean {
    return this.cache.hitShare > WORTH_ASKING;
  }

  /** @throws what `compute` throws, EyrieError DEADLINE_EXCEEDED, the signal's reason when it aborts */
  async predict(
    version: ModelVersion,
    image: Uint8Array,
    query: PredictionQuery,
    compute: (shared: Shared) => Promise<Prediction>,
  ): Promise<GivenPrediction> {
    if (!this.cache.isOn) return { ...(await compute(query)), source: 'computed' };
    const started = performance.now();
    // Before anything is awaited: the version must be the one that `compute` asks.
    const prefix = keyPrefix(version, query.topK);
    const { labels } = version;
    const { value, source } = await this.cache.answer(
      {
        key: prefix + (await digest(image)),
        compute,
        encode: ({ classes }) => encodeClasses(classes),
        decode: (text) => fromClasses(decodeClasses(text, labels, query.topK)),
      },
      query,
    );
    if (source === 'computed') return { ...value, source };
    const total = performance.now() - started;
    return { ...value, source, timings: { queue: 0, decode: 0, inference: 0, total } };
  }
}

/** Readable, so that an operator can find the entries of a version. What an image is turned into may change with us. */
function keyPrefix({ model, version, identity }: ModelVersion, topK: number): string {
  return `eyrie:${BUILD_INFO.version}:${model}:${version}:${identity}:${topK}:`;
}

async function digest(image: Uint8Array): Promise<string> {
  if (image.length <= HASH_ELSEWHERE) return hash('sha256', image, 'base64url');
  return Buffer.from(await webcrypto.subtle.digest('SHA-256', image)).toString('base64url');
}

/** `[[8,0.97],[1,0.02]]`: the labels are the version's, which the key names. */
export function encodeClasses(classes: readonly ClassScore[]): string {
  return JSON.stringify(classes.map(({ class_id, confidence }) => [class_id, confidence]));
}

/** undefined unless the text is `topK` different classes of a version with these labels, best first. */
export function decodeClasses(text: string, labels: readonly string[], topK: number): ClassScore[] | undefined {
  const pairs = parse(text);
  if (!Array.isArray(pairs) || pairs.length !== topK) return undefined;
  const classes: ClassScore[] = [];
  for (const pair of pairs as unknown[]) {
    if (!Array.isArray(pair) || pair.length !== 2) return undefined;
    const [class_id, confidence] = pair as unknown[];
    const label = typeof class_id === 'number' ? labels[class_id] : undefined;
    if (label === undefined || typeof confidence !== 'number') return undefined;
    if (confidence > (classes.at(-1)?.confidence ?? Infinity)) return undefined;
    classes.push({ class_id: class_id as number, label, confidence });
  }
  return new Set(classes.map(({ class_id }) => class_id)).size === topK ? classes : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function fromClasses(classes: ClassScore[] | undefined): Prediction | undefined {
  return classes && { classes, timings: { queue: 0, decode: 0, inference: 0, total: 0 }, batchSize: 0 };
}
