export { availableCpus } from './available-cpus';
export type {
  ChannelOrder,
  InputSpec,
  InputType,
  Layout,
  ModelSpec,
  OutputSpec,
  ResizeKernel,
  ResizeMode,
  ResizeSpec,
  RuntimeSpec,
} from './model-spec';
export type { ClassScore, Prediction, Timings } from './prediction';
export type { Device } from './messages';
export {
  type InferenceSettings,
  Predictor,
  type PredictOptions,
  type PredictorObserver,
  type PredictorOptions,
} from './predictor';
export { InferenceModule } from './inference.module';
export type { Stage, StagePart } from './stage';
export { PredictorFactory } from './predictor-factory';
export { type ProcessUsage, processUsage } from './process-usage';
export { LoadFailedError, WorkerLostError } from './worker-process';
