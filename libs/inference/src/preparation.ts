import { EyrieError, type Limit, type Preparation } from '#core';

/** What an input may cost at the most before it is refused. */
export interface PreparationLimits {
  /** Milliseconds of one CPU; no limit without it. */
  ms?: number;
  /** Of memory. */
  bytes?: number;
}

/** What the inputs of one batch may cost together: none waits long for the others, and not many are in memory at once. */
const BATCH_MS = 250;
const BATCH_BYTES = 64 * 1024 * 1024;

/** An input that nothing is known of costs next to nothing. More than 1: it is prepared beside the batches, not in one. */
export function shareOfBatch(preparation: Preparation | undefined): number {
  if (!preparation) return 0;
  return Math.max(preparation.ms / BATCH_MS, preparation.bytes / BATCH_BYTES);
}

/** Why an input is not taken on at all; undefined when it is. */
export function tooCostly(preparation: Preparation | undefined, limits: PreparationLimits): EyrieError | undefined {
  if (!preparation) return undefined;
  const { ms, bytes, subject } = preparation;
  if (limits.ms !== undefined && ms > limits.ms) {
    const bound = { setting: 'MAX_DECODE_MS', value: limits.ms };
    return refusal(subject, `takes about ${seconds(ms)} s of CPU, and at most ${seconds(limits.ms)} s`, bound);
  }
  if (limits.bytes !== undefined && bytes > limits.bytes) {
    const bound = { setting: 'MAX_DECODE_BYTES', value: limits.bytes };
    return refusal(subject, `takes about ${mib(bytes)} MiB of memory, and at most ${mib(limits.bytes)} MiB`, bound);
  }
  return undefined;
}

function refusal(subject: string, why: string, bound: Limit): EyrieError {
  const detail = `The input is a ${subject}: to decode it ${why} are allowed. Send a smaller one, or one that is stored more plainly`;
  return new EyrieError('IMAGE_TOO_LARGE', detail, { bound });
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}

function mib(bytes: number): string {
  return (bytes / 1024 ** 2).toFixed(0);
}
