import type { ItemAnswer } from './messages';
import { monotonicNow } from '#core';

/** A stretch of one request's way. Times are `monotonicNow`'s, here and in the worker alike. */
export interface Stage {
  /** Waiting for a worker; or being with one, which includes the way there and back. A retry has two of each. */
  name: 'queue' | 'worker';
  start: number;
  end: number;
  /** Why it ended without what it was for. */
  error?: unknown;
  /** Of a worker: its process id, and how many images it was sent together. */
  pid?: number;
  batchSize?: number;
  /** What the worker did meanwhile; empty when it gave no answer. */
  parts: StagePart[];
}

export interface StagePart {
  name: 'decode' | 'run' | 'post';
  start: number;
  end: number;
}

/** Follows one request from stage to stage, each of which ends where the next one begins. */
export class StageWatch {
  private current: Omit<Stage, 'end' | 'error' | 'parts'> | undefined;

  constructor(private readonly onStage: (stage: Stage) => void) {}

  enter(name: Stage['name'], details: Pick<Stage, 'pid' | 'batchSize'> = {}): void {
    const now = monotonicNow();
    this.end(now);
    this.current = { name, start: now, ...details };
  }

  /** Does nothing when the request is in no stage. */
  leave(error?: unknown, parts?: StagePart[]): void {
    this.end(monotonicNow(), error, parts);
  }

  private end(end: number, error?: unknown, parts: StagePart[] = []): void {
    if (!this.current) return;
    const stage = { ...this.current, end, error, parts };
    this.current = undefined;
    this.onStage(stage);
  }
}

/** What a worker says about where its time went. */
export function partsOf(answer: ItemAnswer): StagePart[] {
  const parts: StagePart[] = [];
  const add = (name: StagePart['name'], start: number, ms: number): void => {
    parts.push({ name, start, end: start + ms });
  };
  if (answer.kind === 'chunk' || !answer.work) return parts;
  add('decode', answer.work.decodeAt, answer.work.decodeMs);
  if (answer.kind === 'done') {
    const { runAt, inferenceMs, postMs } = answer.work;
    add('run', runAt, inferenceMs);
    add('post', runAt + inferenceMs, postMs);
  }
  return parts;
}
