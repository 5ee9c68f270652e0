import { Predictor, type InferenceSettings, type PredictorOptions } from './predictor';

/** Starts predictors that all follow the same settings. */
export class PredictorFactory {
  constructor(private readonly settings: InferenceSettings) {}

  /** @throws LoadFailedError, WorkerLostError */
  start(version: Omit<PredictorOptions, keyof InferenceSettings>): Promise<Predictor> {
    return Predictor.start({ ...this.settings, ...version });
  }
}
