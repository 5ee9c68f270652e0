import { availableCpus } from './available-cpus';
import { CostlyRoom } from './costly-room';
import { Predictor } from './predictor';
import type { InferenceSettings, PredictorOptions } from './predictor-options';

/** Starts predictors that all follow the same settings. */
export class PredictorFactory {
  private readonly costlyRoom = new CostlyRoom(Math.max(1, Math.floor(availableCpus() / 2)));

  constructor(private readonly settings: InferenceSettings) {}

  /** @throws LoadFailedError, WorkerLostError */
  start(version: Omit<PredictorOptions, keyof InferenceSettings>): Promise<Predictor> {
    return Predictor.start({ costlyRoom: this.costlyRoom, ...this.settings, ...version });
  }
}
