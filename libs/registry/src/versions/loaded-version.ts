import type { InferenceRequest, InferenceResult, ServedTask } from '#core';
import type { Predictor, Stage } from '#inference';
import type { PublicKey } from '../signatures/keys';
import type { Manifest } from './manifest';

/** A version that has passed every check and serves. */
export class LoadedVersion {
  constructor(
    readonly manifest: Manifest,
    readonly predictor: Predictor,
    readonly task: ServedTask,
    /** See CheckedVersion. */
    readonly identity: string,
    /** The key whose signature was found right; undefined where none was looked for, or none was there. */
    readonly signedBy?: PublicKey,
  ) {}

  /** As `Predictor.predict`, with the answer as the task has it. @throws what that throws */
  async predict(request: InferenceRequest, onStage?: (stage: Stage) => void): Promise<InferenceResult> {
    const result = await this.predictor.predict(request, onStage);
    return { ...result, output: this.task.answer(result.output) };
  }

  /** Answers what it has been asked, then ends its workers; by force after `graceMs`. */
  stop(graceMs: number): Promise<void> {
    return this.predictor.stop(graceMs);
  }
}
