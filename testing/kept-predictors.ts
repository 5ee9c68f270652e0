import { type Predictor, PredictorFactory } from '#inference';
import { WORKER_ENTRY } from '#tasks';

type Version = Parameters<PredictorFactory['start']>[0];

/**
 * Starts predictors with real workers, and keeps those that a registry lets go of for the next one that loads the same: for tests of
 * policies, in which the same few small versions are loaded over and over. Not for those in which workers die, or are looked at.
 */
export class KeptPredictors extends PredictorFactory {
  private readonly idle = new Map<string, Predictor[]>();
  private readonly ends: (() => Promise<void>)[] = [];

  constructor() {
    super({ workerEntry: WORKER_ENTRY, maxPixels: 1000 });
  }

  override async start(version: Version): Promise<Predictor> {
    const { task, sha256, spec, runtime } = version;
    const key = JSON.stringify({ task, sha256, spec, runtime });
    const kept = this.idle.get(key) ?? [];
    this.idle.set(key, kept);
    const known = kept.pop();
    if (known) return known;
    const predictor = await super.start(version);
    const stop = predictor.stop.bind(predictor);
    this.ends.push(() => stop(0));
    predictor.stop = () => {
      kept.push(predictor);
      return Promise.resolve();
    };
    return predictor;
  }

  /** Ends all workers. */
  async end(): Promise<void> {
    await Promise.all(this.ends.splice(0).map((end) => end()));
  }
}
