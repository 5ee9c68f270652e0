export { Backoff, type BackoffOptions } from './backoff';
export { deadlineIn, msUntil } from './deadline';
export { EyrieError, type ErrorCode, type EyrieErrorOptions, type FieldError } from './errors';
export { monotonicNow } from './monotonic-clock';
export { resolvesWithin, type TimeLimit, waitWithin, withTimeLimit } from './time-limit';
