import type { ErrorCode, FieldError } from '#core';
import { forClients } from './for-clients';

/** The HTTP status and title of every error code: one that is forgotten here does not compile. */
export const PROBLEMS: Record<ErrorCode, { status: number; title: string }> = {
  INVALID_REQUEST: { status: 400, title: 'The request is not valid' },
  INVALID_IMAGE: { status: 400, title: 'The image cannot be read' },
  URL_NOT_ALLOWED: { status: 400, title: 'The URL must not be fetched' },
  UNAUTHENTICATED: { status: 401, title: 'An API key is needed' },
  FORBIDDEN: { status: 403, title: 'This needs an API key that allows it' },
  ROUTE_NOT_FOUND: { status: 404, title: 'There is no such route' },
  MODEL_NOT_FOUND: { status: 404, title: 'There is no such model' },
  VERSION_NOT_FOUND: { status: 404, title: 'There is no such version' },
  METHOD_NOT_ALLOWED: { status: 405, title: 'The route has no such method' },
  CONFLICT: { status: 409, title: 'The request does not fit the present state' },
  REGISTRY_READ_ONLY: { status: 409, title: 'The registry cannot be written' },
  REGISTRY_UNAVAILABLE: { status: 503, title: 'The storage of the registry does not answer' },
  PRECONDITION_FAILED: { status: 412, title: 'It has been changed meanwhile' },
  IMAGE_TOO_LARGE: { status: 413, title: 'The image is too large' },
  UPLOAD_TOO_LARGE: { status: 413, title: 'The upload is too large' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: 'The media type is not supported' },
  HARMFUL_INPUT: { status: 422, title: 'The input has ended workers' },
  URL_FETCH_FAILED: { status: 422, title: 'The image could not be fetched' },
  INVALID_MODEL: { status: 422, title: 'The model cannot be served' },
  RATE_LIMITED: { status: 429, title: 'Too many requests' },
  WORKER_FAILED: { status: 500, title: 'The model failed' },
  INTERNAL: { status: 500, title: 'Something went wrong here' },
  MODEL_NOT_READY: { status: 503, title: 'The model is not ready' },
  OVERLOADED: { status: 503, title: 'The server is overloaded' },
  DEADLINE_EXCEEDED: { status: 504, title: 'The request took too long' },
};

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** The body of every error, RFC 9457. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ErrorCode;
  request_id: string;
  errors?: readonly FieldError[];
}

/** Whose sentences may go on with what the system or native code has said. */
const OURS_TO_MEND: ReadonlySet<ErrorCode> = new Set(['MODEL_NOT_READY', 'WORKER_FAILED']);

/** What a client is told of an error. */
export function detailFor(code: ErrorCode, detail: string): string {
  return OURS_TO_MEND.has(code) ? forClients(detail) : detail;
}

export function problem(
  code: ErrorCode,
  detail: string,
  requestId: string,
  more: { errors?: readonly FieldError[]; status?: number } = {},
): Problem {
  const { status, title } = PROBLEMS[code];
  return {
    type: `urn:eyrie:problem:${code.toLowerCase().replaceAll('_', '-')}`,
    title,
    status: more.status ?? status,
    detail: detailFor(code, detail),
    code,
    request_id: requestId,
    ...(more.errors && { errors: more.errors }),
  };
}
