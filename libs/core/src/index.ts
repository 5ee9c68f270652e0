export { EyrieError, type ErrorCode, type EyrieErrorOptions, type FieldError } from './errors';
export { monotonicNow } from './monotonic-clock';
export { harmless, observe, reportObserverFailuresTo } from './observe';
