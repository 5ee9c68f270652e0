import { Injectable } from '@nestjs/common';
import { createHash, hash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { AnswerCache, type CacheSource, type Shared, type Waiter } from '#cache';
import type { InferenceInput, InferenceResult, Timings } from '#core';
import type { LoadedVersion, ModelVersion } from '#registry';
import { BUILD_INFO } from '../build-info';

/** What a version says to one input, be it for this request or known before. */
export interface Given {
  /** As the version's task has it. */
  output: unknown;
  source: CacheSource;
  /** From the question to the answer. */
  totalMs: number;
  /** Of what was computed for this request; undefined for all else. */
  timings?: Timings;
  /** How large the output is, bytes; undefined where that is little. */
  bytes?: number;
}

/**
 * Bytes; between two pieces others have their turn: at 0.4 to 2 GB/s a large payload would hold up every other request. Not on
 * another thread: those also look up the names of hosts, and wait for as long as that takes.
 */
const HASHED_AT_ONCE = 256 * 1024;

/** From this share of hits on. Reading an upload costs a small part of what an answer is worth. */
const WORTH_ASKING = 0.1;

/** Answers from the cache where the same version has had the same input before, or has it just now. */
@Injectable()
export class InferenceCache {
  constructor(private readonly cache: AnswerCache) {}

  /** Whether an upload that no worker has room for should be received nevertheless, since its answer may be here. */
  get isWorthAsking(): boolean {
    return this.cache.hitShare > WORTH_ASKING;
  }

  /**
   * @param loaded of `version`; what `compute` asks
   * @throws what `compute` throws, EyrieError DEADLINE_EXCEEDED, the signal's reason when it aborts
   */
  async answer(
    version: ModelVersion,
    { task, identity }: LoadedVersion,
    input: InferenceInput,
    waiter: Waiter,
    compute: (shared: Shared) => Promise<InferenceResult>,
  ): Promise<Given> {
    const started = performance.now();
    if (!this.cache.isOn) {
      const { output, timings, bytes } = await compute(waiter);
      return { output, source: 'computed', totalMs: performance.now() - started, timings, bytes };
    }
    const prefix = `eyrie:${BUILD_INFO.version}:${version.model}:${version.version}:${identity}`;
    const { value, source } = await this.cache.answer<Pick<Given, 'output' | 'timings' | 'bytes'>>(
      {
        // Readable, so that an operator can find the entries of a version. What a task makes of an input may change with us.
        key: `${prefix}:${task.cache.key(input.params)}:${await digest(input.payload)}`,
        compute,
        breadth: task.cache.breadth(input.params),
        encode: ({ output }) => task.cache.encode(output, input.params),
        decode: (text) => {
          const kept = task.cache.decode(text, input.params);
          return kept && { value: { output: kept.output }, breadth: kept.breadth };
        },
        narrowed: (answer) => ({ ...answer, output: task.cache.narrowed(answer.output, input.params) }),
      },
      waiter,
    );
    const totalMs = performance.now() - started;
    const { output, bytes, timings } = value;
    return { output, bytes, source, totalMs, timings: source === 'computed' ? timings : undefined };
  }
}

async function digest(payload: readonly Uint8Array[]): Promise<string> {
  const [only] = payload;
  if (payload.length === 1 && only) {
    if (only.length <= HASHED_AT_ONCE) return hash('sha256', only, 'base64url');
    const large = createHash('sha256');
    for (let done = 0; done < only.length; done += HASHED_AT_ONCE) {
      if (done > 0) await nextTurn();
      large.update(only.subarray(done, done + HASHED_AT_ONCE));
    }
    return large.digest('base64url');
  }
  const parts = await Promise.all(payload.map((part) => digest([part])));
  return createHash('sha256').update(parts.join(':')).digest('base64url');
}
