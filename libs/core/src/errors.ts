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

/** What refuses or ends a request for its size, its number or its time: whoever is told of it is told what bounds it. */
type BoundedCode = 'IMAGE_TOO_LARGE' | 'UPLOAD_TOO_LARGE' | 'RATE_LIMITED' | 'OVERLOADED' | 'DEADLINE_EXCEEDED';

/** A bound that an operator can move: the name of its setting, and what it is set to. */
export interface Limit {
  setting: string;
  value: number;
}

/** `deadline`: whoever gave the deadline knows which setting it comes from; see `namingDeadline`. `fixed`: no setting moves it. */
export type Bound = Limit | 'deadline' | 'fixed';

export interface EyrieErrorOptions {
  /** What the request was over. Where it is a setting, the message ends with it. */
  bound?: Bound;
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
  readonly bound?: Bound;

  constructor(code: Exclude<ErrorCode, BoundedCode>, detail: string, options?: EyrieErrorOptions);
  constructor(code: BoundedCode, detail: string, options: EyrieErrorOptions & { bound: Bound });
  constructor(
    readonly code: ErrorCode,
    detail: string,
    options: EyrieErrorOptions = {},
  ) {
    const { bound } = options;
    super(detail + (typeof bound === 'object' ? limitInWords(bound) : ''), { cause: options.cause });
    this.name = 'EyrieError';
    this.bound = options.bound;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.errors = options.errors;
  }

  /** What another process of ours has said, which has named the bound already. */
  static told(code: ErrorCode, detail: string): EyrieError {
    return new EyrieError(code as Exclude<ErrorCode, BoundedCode>, detail);
  }
}

/** An error that came of a deadline, with the setting from which the deadline came; any other as it is. */
export function namingDeadline(error: unknown, limit: Limit): unknown {
  if (!(error instanceof EyrieError) || error.bound !== 'deadline') return error;
  const { code, message, retryAfterSeconds, errors, cause } = error;
  return new EyrieError(code as BoundedCode, message, { bound: limit, retryAfterSeconds, errors, cause });
}

/** Behind what is said of something that was over it; nothing where no setting moves it. */
export function limitInWords({ setting, value }: Partial<Limit>): string {
  return setting === undefined ? '' : ` (${setting}=${value})`;
}

/** One field that is wrong. @param field its path, such as `items[3].url` @param detail what goes on behind the path: `must be …` */
export function invalidField(field: string, detail: string): EyrieError {
  return new EyrieError('INVALID_REQUEST', `${field} ${detail}`, { errors: [{ field, detail }] });
}
