import type { NextFunction, Request, RequestHandler, Response } from 'express';
import express from 'express';
import multer, { MulterError } from 'multer';
import { EyrieError } from '#inference';
import type { Config } from '../config';
import type { ImageSource } from './image-source';
import { parseBatchBody, parseSingleBody } from './image-body';

export type UploadLimits = Pick<
  Config,
  'MAX_IMAGE_BYTES' | 'MAX_REQUEST_BYTES' | 'MAX_BATCH_ITEMS' | 'BODY_TIMEOUT_MS'
>;

/** base64 takes 4 bytes for 3; the rest is for the JSON around it. */
const jsonLimit = (bytes: number): number => Math.ceil((bytes * 4) / 3) + 4096;

/** Reads the image of a request, in whichever of the four ways it was sent. */
export class ImageReceiver {
  private readonly single: BodyReader;
  private readonly batch: BodyReader;

  constructor(private readonly limits: UploadLimits) {
    const { MAX_IMAGE_BYTES, MAX_REQUEST_BYTES, MAX_BATCH_ITEMS } = limits;
    this.single = new BodyReader(MAX_IMAGE_BYTES, jsonLimit(MAX_IMAGE_BYTES), 1, MAX_IMAGE_BYTES);
    this.batch = new BodyReader(MAX_IMAGE_BYTES, jsonLimit(MAX_REQUEST_BYTES), MAX_BATCH_ITEMS, MAX_REQUEST_BYTES);
  }

  /** @throws EyrieError INVALID_REQUEST, IMAGE_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, DEADLINE_EXCEEDED */
  async receiveOne(req: Request, res: Response): Promise<ImageSource> {
    const body = await this.inTime(this.single.read(req, res, { field: 'file', raw: true }));
    switch (body.kind) {
      case 'raw':
        return { bytes: notEmpty(body.bytes, 'the body') };
      case 'files':
        if (body.files.length === 0) throw new EyrieError('INVALID_REQUEST', 'there is no file in the field "file"');
        return { bytes: notEmpty(body.files[0]!, 'the file') };
      case 'json':
        return parseSingleBody(body.json, this.limits.MAX_IMAGE_BYTES);
    }
  }

  /** In the order in which they were sent. A single item's fault is found later, and is that item's alone. */
  async receiveMany(req: Request, res: Response): Promise<(ImageSource | EyrieError)[]> {
    const body = await this.inTime(this.batch.read(req, res, { field: 'files', raw: false }));
    if (body.kind === 'files') {
      if (body.files.length === 0) throw new EyrieError('INVALID_REQUEST', 'there are no files in the field "files"');
      return body.files.map((bytes) => ({ bytes }));
    }
    if (body.kind === 'json') return parseBatchBody(body.json, this.limits);
    throw new EyrieError('UNSUPPORTED_MEDIA_TYPE', 'send multipart/form-data or application/json');
  }

  /** A client that sends a byte now and then must not hold a request open for ever. */
  private async inTime<T>(reading: Promise<T>): Promise<T> {
    const { BODY_TIMEOUT_MS } = this.limits;
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      const error = new EyrieError('DEADLINE_EXCEEDED', `the body did not arrive within ${BODY_TIMEOUT_MS} ms`);
      timer = setTimeout(() => reject(error), BODY_TIMEOUT_MS);
    });
    try {
      return await Promise.race([reading, tooLate]);
    } finally {
      clearTimeout(timer);
    }
  }
}

type Body = { kind: 'raw'; bytes: Buffer } | { kind: 'files'; files: Buffer[] } | { kind: 'json'; json: unknown };

/** Reads a body of any of the accepted types; stops as soon as it gets too long. */
class BodyReader {
  private readonly json: RequestHandler;
  private readonly raw: RequestHandler;

  constructor(
    private readonly maxFileBytes: number,
    jsonBytes: number,
    private readonly maxFiles: number,
    private readonly maxBytes: number,
  ) {
    this.json = express.json({ limit: jsonBytes, strict: true, inflate: false });
    this.raw = express.raw({ limit: maxFileBytes, type: () => true, inflate: false });
  }

  async read(req: Request, res: Response, accept: { field: string; raw: boolean }): Promise<Body> {
    if (req.is('multipart/form-data')) return { kind: 'files', files: await this.readFiles(req, res, accept.field) };
    if (req.is('application/json')) {
      await run(this.json, req, res);
      return { kind: 'json', json: req.body };
    }
    if (accept.raw && req.is(['image/*', 'application/octet-stream'])) {
      await run(this.raw, req, res);
      return { kind: 'raw', bytes: Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0) };
    }
    const hasBody = req.header('content-length') !== '0' && req.is('*/*') !== null;
    const also = accept.raw ? ', or the image itself as image/*' : '';
    throw hasBody
      ? new EyrieError('UNSUPPORTED_MEDIA_TYPE', `send multipart/form-data, application/json${also}`)
      : new EyrieError('INVALID_REQUEST', `the request has no body; send multipart/form-data, application/json${also}`);
  }

  private async readFiles(req: Request, res: Response, field: string): Promise<Buffer[]> {
    if (Number(req.header('content-length')) > this.maxBytes + this.maxFiles * 4096) {
      throw new EyrieError(
        'IMAGE_TOO_LARGE',
        `the body has more than the ${this.maxBytes} bytes that are allowed here`,
      );
    }
    const upload = multer({
      storage: multer.memoryStorage(),
      limits: {
        fileSize: this.maxFileBytes,
        files: this.maxFiles + 1,
        fields: 0,
        parts: this.maxFiles + 1,
        headerPairs: 100,
      },
    }).array(field, this.maxFiles);
    try {
      await run(upload, req, res);
    } catch (error) {
      if (error instanceof MulterError || error instanceof EyrieError) throw explainMulter(error, field, this);
      throw new EyrieError('INVALID_REQUEST', `the multipart body is broken: ${(error as Error).message}`);
    }
    return (req.files as Express.Multer.File[]).map(({ buffer }) => buffer);
  }

  get limitsInWords(): string {
    return `at most ${this.maxFiles} of at most ${this.maxFileBytes} bytes`;
  }
}

function explainMulter(error: Error, field: string, reader: BodyReader): Error {
  if (!(error instanceof MulterError)) return error;
  switch (error.code) {
    case 'LIMIT_UNEXPECTED_FILE':
    case 'LIMIT_FILE_COUNT':
    case 'LIMIT_PART_COUNT':
      return new EyrieError('INVALID_REQUEST', `files go into the field "${field}", ${reader.limitsInWords}`);
    case 'LIMIT_FIELD_COUNT':
      return new EyrieError('INVALID_REQUEST', `the form may have files in the field "${field}" and nothing else`);
    default:
      return error;
  }
}

/** An Express body parser as a promise. */
function run(handler: RequestHandler, req: Request, res: Response): Promise<void> {
  return new Promise((resolve, reject) => {
    const next: NextFunction = (error?: unknown) => (error ? reject(error) : resolve());
    void handler(req, res, next);
  });
}

function notEmpty(bytes: Buffer, what: string): Buffer {
  if (bytes.length === 0) throw new EyrieError('INVALID_IMAGE', `${what} is empty`);
  return bytes;
}
