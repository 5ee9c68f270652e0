export { Backoff, type BackoffOptions } from './backoff';
export { deadlineIn, msUntil } from './deadline';
export { exactDecimal } from './decimal';
export {
  type Bound,
  EyrieError,
  type ErrorCode,
  type EyrieErrorOptions,
  type FieldError,
  invalidField,
  type Limit,
  limitInWords,
  namingDeadline,
} from './errors';
export { eventLoopShare, EventLoopShare } from './event-loop-share';
export {
  AllRefusedError,
  type InferenceInput,
  type InferenceRequest,
  type InferenceResult,
  type Preparation,
  type Timings,
} from './inference';
export { monotonicNow } from './monotonic-clock';
export { retryAfterMs } from './retry-after';
export { harmless, observe, reportObserverFailuresTo } from './observe';
export type {
  AnswerCodec,
  Comparison,
  GraphInfo,
  Headline,
  NamedClass,
  PreparedTask,
  ReadVersionFile,
  ServedTask,
  Tally,
  Task,
  TensorInfo,
} from './task';
export { resolvesWithin, type TimeLimit, waitWithin, withTimeLimit } from './time-limit';
