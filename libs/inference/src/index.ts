export { availableCpus } from './available-cpus';
export type { Device } from './messages';
export { type InferenceSettings, Predictor, type PredictorObserver, type PredictorOptions } from './predictor';
export type { RuntimeSpec } from './runtime-spec';
export type { Stage, StagePart } from './stage';
export { PredictorFactory } from './predictor-factory';
export { type ProcessUsage, processUsage } from './process-usage';
export { endAllWorkers } from './spawn-worker';
export { LoadFailedError, WorkerLostError } from './worker-process';
