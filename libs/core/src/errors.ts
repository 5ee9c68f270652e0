/** Every way in which a request can fail. The HTTP status of each is the server's business, not ours. */
export type ErrorCode =
  | 'INVALID_REQUEST'
  | 'INVALID_IMAGE'
  | 'IMAGE_TOO_LARGE'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'HARMFUL_INPUT'
  | 'INVALID_MODEL'
  | 'UPLOAD_TOO_LARGE'
  | 'URL_NOT_ALLOWED'
  | 'URL_FETCH_FAILED'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'ROUTE_NOT_FOUND'
  | 'METHOD_NOT_ALLOWED'
  | 'MODEL_NOT_FOUND'
  | 'VERSION_NOT_FOUND'
  | 'REGISTRY_READ_ONLY'
  | 'REGISTRY_UNAVAILABLE'
  | 'CONFLICT'
  | 'PRECONDITION_FAILED'
  | 'RATE_LIMITED'
  | 'OVERLOADED'
  | 'MODEL_NOT_READY'
  | 'DEADLINE_EXCEEDED'
  | 'WORKER_FAILED'
  | 'INTERNAL';

export interface EyrieErrorOptions {
  /** After how many seconds a retry makes sense. */
  retryAfterSeconds?: number;
  /** What is wrong with each field, where there are several. */
  errors?: readonly FieldError[];
  cause?: unknown;
}

export interface FieldError {
  field: string;
  detail: string;
}

/** A failure that the caller is told of: a code for programs and one sentence for people. */
export class EyrieError extends Error {
  readonly retryAfterSeconds?: number;
  readonly errors?: readonly FieldError[];

  constructor(
    readonly code: ErrorCode,
    detail: string,
    options: EyrieErrorOptions = {},
  ) {
    super(detail, { cause: options.cause });
    this.name = 'EyrieError';
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.errors = options.errors;
  }
}

/** One field that is wrong. @param field its path, such as `items[3].url` @param detail what goes on behind the path: `must be …` */
export function invalidField(field: string, detail: string): EyrieError {
  return new EyrieError('INVALID_REQUEST', `${field} ${detail}`, { errors: [{ field, detail }] });
}
