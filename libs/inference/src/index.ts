export { availableCpus } from './available-cpus';
export type { Device } from './messages';
export { Predictor } from './predictor';
export type { InferenceSettings, PredictorObserver, PredictorOptions } from './predictor-options';
export type { RuntimeSpec } from './runtime-spec';
export type { Stage, StagePart } from './stage';
export { PredictorFactory } from './predictor-factory';
export { type ProcessUsage, processUsage } from './process-usage';
export { LoadFailedError, WorkerLostError } from './worker-process';
