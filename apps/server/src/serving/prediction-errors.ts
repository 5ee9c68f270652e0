import type { ErrorCode } from '#core';

/** What a prediction can fail with in any dialect, for its documentation. */
export const PREDICTION_ERRORS: readonly ErrorCode[] = [
  'INVALID_REQUEST',
  'INVALID_IMAGE',
  'MODEL_NOT_FOUND',
  'VERSION_NOT_FOUND',
  'IMAGE_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
  'HARMFUL_INPUT',
  'RATE_LIMITED',
  'WORKER_FAILED',
  'INTERNAL',
  'OVERLOADED',
  'MODEL_NOT_READY',
  'DEADLINE_EXCEEDED',
];
