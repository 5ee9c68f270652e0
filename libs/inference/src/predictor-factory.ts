import type { ModelSpec, RuntimeSpec } from './model-spec';
import { Predictor, type InferenceSettings, type PredictorObserver } from './predictor';

/** Starts predictors that all follow the same settings. */
export class PredictorFactory {
  constructor(private readonly settings: InferenceSettings) {}

  /** @throws LoadFailedError, WorkerLostError */
  start(spec: ModelSpec, runtime: RuntimeSpec, observer?: PredictorObserver): Promise<Predictor> {
    return Predictor.start({ ...this.settings, spec, runtime, observer });
  }
}
