import { HttpException } from '@nestjs/common';
import { EyrieError } from '#core';

/** Whatever was thrown, by us, Nest or Express, as one of our errors; INTERNAL for what nobody expected. */
export function toEyrieError(error: unknown): EyrieError {
  if (error instanceof EyrieError) return error;
  const status = statusOf(error);
  const { message } = error as Error;
  if (status === 404) return new EyrieError('ROUTE_NOT_FOUND', `${message}; /docs lists the routes`);
  if (status === 413) return new EyrieError('IMAGE_TOO_LARGE', message, { bound: 'fixed' });
  if (status === 415) return new EyrieError('UNSUPPORTED_MEDIA_TYPE', message);
  if (status >= 400 && status < 500) return new EyrieError('INVALID_REQUEST', message);
  return new EyrieError('INTERNAL', 'an unexpected error; the log has it under this request_id', { cause: error });
}

/** Nest's exceptions have one, and so have the errors of Express and what belongs to it. */
function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  if (error instanceof URIError) return 400;
  const { status } = (error ?? {}) as { status?: unknown };
  return error instanceof Error && typeof status === 'number' ? status : 500;
}
