import { HttpException } from '@nestjs/common';
import { ThrottlerException } from '@nestjs/throttler';
import { MulterError } from 'multer';
import { EyrieError } from '#inference';

/** What body-parser's and raw-body's errors carry. */
interface BodyParserError extends Error {
  type: string;
  limit?: number;
}

const BODY_PARSER_CODES: Record<string, 'INVALID_REQUEST' | 'IMAGE_TOO_LARGE' | 'UNSUPPORTED_MEDIA_TYPE'> = {
  'entity.too.large': 'IMAGE_TOO_LARGE',
  'encoding.unsupported': 'UNSUPPORTED_MEDIA_TYPE',
  'charset.unsupported': 'UNSUPPORTED_MEDIA_TYPE',
  'entity.parse.failed': 'INVALID_REQUEST',
  'request.size.invalid': 'INVALID_REQUEST',
  'request.aborted': 'INVALID_REQUEST',
};

/** Whatever was thrown, by us, Nest, multer or Express, as one of our errors; INTERNAL for what nobody expected. */
export function toEyrieError(error: unknown): EyrieError {
  if (error instanceof EyrieError) return error;
  if (error instanceof MulterError) return fromMulter(error);
  if (error instanceof ThrottlerException) {
    return new EyrieError('RATE_LIMITED', 'too many requests from this address; slow down', { retryAfterSeconds: 60 });
  }
  if (error instanceof HttpException) return fromNest(error);
  if (isBodyParserError(error)) return fromBodyParser(error);
  if (error instanceof URIError) return new EyrieError('INVALID_REQUEST', 'the path is not valid percent-encoding');
  return new EyrieError('INTERNAL', 'an unexpected error; the log has it under this request_id', { cause: error });
}

function fromMulter(error: MulterError): EyrieError {
  switch (error.code) {
    case 'LIMIT_FILE_SIZE':
      return new EyrieError('IMAGE_TOO_LARGE', 'the file has more bytes than MAX_IMAGE_BYTES allows');
    case 'LIMIT_UNEXPECTED_FILE':
      return new EyrieError('INVALID_REQUEST', `there is a file too many, or in the wrong field: "${error.field}"`);
    case 'LIMIT_FILE_COUNT':
      return new EyrieError('INVALID_REQUEST', 'there are more files than allowed');
    default:
      return new EyrieError('INVALID_REQUEST', `the multipart body is not acceptable: ${error.message}`);
  }
}

function fromNest(error: HttpException): EyrieError {
  switch (error.getStatus()) {
    case 400:
      return new EyrieError('INVALID_REQUEST', error.message);
    case 404:
      return new EyrieError('ROUTE_NOT_FOUND', `${error.message}; /docs lists the routes`);
    case 413:
      return new EyrieError('IMAGE_TOO_LARGE', error.message);
    case 415:
      return new EyrieError('UNSUPPORTED_MEDIA_TYPE', error.message);
    default:
      return new EyrieError('INTERNAL', error.message, { cause: error });
  }
}

function fromBodyParser(error: BodyParserError): EyrieError {
  const code = BODY_PARSER_CODES[error.type] ?? 'INVALID_REQUEST';
  if (code === 'IMAGE_TOO_LARGE') {
    return new EyrieError(code, `the body has more than the ${error.limit} bytes that are allowed here`);
  }
  const what = error.type === 'entity.parse.failed' ? 'the body is not valid JSON' : 'the body cannot be read';
  return new EyrieError(code, `${what}: ${error.message}`);
}

function isBodyParserError(error: unknown): error is BodyParserError {
  return error instanceof Error && typeof (error as Partial<BodyParserError>).type === 'string' && 'status' in error;
}
