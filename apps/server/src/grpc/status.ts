import type { EyrieError, ErrorCode } from '#core';
import { detailFor } from '../http/problem';

/** https://grpc.io/docs/guides/status-codes/ */
export const GRPC = {
  OK: 0,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;

/** The status of every error code: one that is forgotten here does not compile. UNAVAILABLE is what clients ask again after. */
export const STATUS: Record<ErrorCode, number> = {
  INVALID_REQUEST: GRPC.INVALID_ARGUMENT,
  INVALID_IMAGE: GRPC.INVALID_ARGUMENT,
  HARMFUL_INPUT: GRPC.INVALID_ARGUMENT,
  URL_NOT_ALLOWED: GRPC.INVALID_ARGUMENT,
  DEADLINE_EXCEEDED: GRPC.DEADLINE_EXCEEDED,
  MODEL_NOT_FOUND: GRPC.NOT_FOUND,
  VERSION_NOT_FOUND: GRPC.NOT_FOUND,
  FORBIDDEN: GRPC.PERMISSION_DENIED,
  IMAGE_TOO_LARGE: GRPC.RESOURCE_EXHAUSTED,
  UPLOAD_TOO_LARGE: GRPC.RESOURCE_EXHAUSTED,
  RATE_LIMITED: GRPC.RESOURCE_EXHAUSTED,
  CONFLICT: GRPC.FAILED_PRECONDITION,
  REGISTRY_READ_ONLY: GRPC.FAILED_PRECONDITION,
  INVALID_MODEL: GRPC.FAILED_PRECONDITION,
  URL_FETCH_FAILED: GRPC.FAILED_PRECONDITION,
  PRECONDITION_FAILED: GRPC.ABORTED,
  ROUTE_NOT_FOUND: GRPC.UNIMPLEMENTED,
  METHOD_NOT_ALLOWED: GRPC.UNIMPLEMENTED,
  UNSUPPORTED_MEDIA_TYPE: GRPC.UNIMPLEMENTED,
  WORKER_FAILED: GRPC.INTERNAL,
  INTERNAL: GRPC.INTERNAL,
  OVERLOADED: GRPC.UNAVAILABLE,
  MODEL_NOT_READY: GRPC.UNAVAILABLE,
  REGISTRY_UNAVAILABLE: GRPC.UNAVAILABLE,
  UNAUTHENTICATED: GRPC.UNAUTHENTICATED,
};

/** Clients allow 8 KiB for all metadata together. */
const LONGEST_MESSAGE = 2_000;

export type Trailers = Readonly<Record<string, string>>;

export const OK: Trailers = { 'grpc-status': String(GRPC.OK) };

/**
 * What ends a call that failed: the status, and our own code beside it. `grpc-retry-pushback-ms` is heeded by clients that ask again by
 * themselves (https://github.com/grpc/proposal/blob/master/A6-client-retries.md), `retry-after` is the same in seconds, as over HTTP.
 */
export function trailersOf({ code, message, retryAfterSeconds }: EyrieError): Trailers {
  return {
    'grpc-status': String(STATUS[code]),
    'grpc-message': encoded(detailFor(code, message)),
    'error-code': code,
    ...(retryAfterSeconds !== undefined && {
      'retry-after': String(retryAfterSeconds),
      'grpc-retry-pushback-ms': String(retryAfterSeconds * 1000),
    }),
  };
}

/** https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md: percent-encoded but for printable ASCII. */
function encoded(message: string): string {
  return message.slice(0, LONGEST_MESSAGE).replace(/[^\x20-\x24\x26-\x7e]+/gu, (text) => {
    return [...Buffer.from(text)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
  });
}
