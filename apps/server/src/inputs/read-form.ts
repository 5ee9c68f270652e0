import type { Request, Response } from 'express';
import multer, { MulterError, type StorageEngine } from 'multer';
import { EyrieError } from '#core';
import { collect, readIf } from './read-body';
import { PART_OVERHEAD, SingleFileForm } from './single-file-form';

export interface FormLimits {
  /** Files go into this field, and there is no other. */
  field: string;
  maxFiles: number;
  maxFileBytes: number;
  /** All files together. */
  maxBytes: number;
}

/**
 * The files of a multipart/form-data body, in their order.
 * @throws EyrieError INVALID_REQUEST, IMAGE_TOO_LARGE; most of them before the rest of the body is there
 */
export async function readForm(req: Request, res: Response, limits: FormLimits): Promise<Buffer[]> {
  const { field, maxFiles, maxFileBytes, maxBytes } = limits;
  const mostBytes = maxBytes + (maxFiles + 1) * PART_OVERHEAD;
  const announced = Number(req.header('content-length'));
  if (announced > mostBytes) throw tooLarge(`the body has more than the ${maxBytes} bytes that are allowed here`);
  if (maxFiles > 1 || !(announced > 0)) return parseForm(req, res, limits);

  const form = new SingleFileForm(req.header('content-type'), field);
  const body = await readIf(req, announced, (soFar) =>
    soFar.length < announced ? form.mayBegin(soFar) : form.fileOf(soFar) !== undefined,
  );
  const file = body && form.fileOf(body);
  if (!file) return parseForm(req, res, limits);
  if (file.length > maxFileBytes) throw fileTooLarge(maxFileBytes);
  return [file];
}

function parseForm(req: Request, res: Response, limits: FormLimits): Promise<Buffer[]> {
  const { field, maxFiles, maxFileBytes, maxBytes } = limits;
  return new Promise((resolve, reject) => {
    let files = 0;
    // multer tells of an error after it has read the whole upload; `reject` tells at once.
    const upload = multer({
      storage: new FormFiles(maxFileBytes, maxBytes, reject),
      fileFilter: (_req, file, accept) => {
        files++;
        if (file.fieldname === field && files <= maxFiles) return accept(null, true);
        const error = new EyrieError('INVALID_REQUEST', onlyFiles(limits));
        reject(error);
        accept(error);
      },
      limits: { fileSize: maxFileBytes, files: maxFiles + 1, fields: 0, parts: maxFiles + 1, headerPairs: 100 },
    }).any();
    void upload(req, res, (error: unknown) => {
      if (error) reject(explain(error, limits));
      else resolve((req.files as Express.Multer.File[]).map(({ buffer }) => buffer));
    });
  });
}

/** Keeps files in memory, up to a size for each and for all. */
class FormFiles implements StorageEngine {
  private total = 0;

  constructor(
    private readonly maxFileBytes: number,
    private readonly maxBytes: number,
    private readonly onError: (error: EyrieError) => void,
  ) {}

  _handleFile: StorageEngine['_handleFile'] = (_req, file, done) => {
    // Counted as it comes: the next file may begin before this one has been put together.
    file.stream.on('data', (chunk: Buffer) => {
      this.total += chunk.length;
      if (this.total > this.maxBytes)
        this.onError(tooLarge(`the files have more than ${this.maxBytes} bytes together`));
    });
    collect(file.stream, this.maxFileBytes, () => fileTooLarge(this.maxFileBytes)).then(
      (buffer) => done(null, { buffer, size: buffer.length }),
      (error: Error) => {
        if (error instanceof EyrieError) this.onError(error);
        file.stream.resume();
        done(error);
      },
    );
  };

  _removeFile: StorageEngine['_removeFile'] = (_req, _file, done) => done(null);
}

function explain(error: unknown, limits: FormLimits): EyrieError {
  if (error instanceof EyrieError) return error;
  if (!(error instanceof MulterError)) {
    return new EyrieError('INVALID_REQUEST', `the multipart body is broken: ${(error as Error).message}`);
  }
  switch (error.code) {
    case 'LIMIT_FILE_SIZE':
      return fileTooLarge(limits.maxFileBytes);
    case 'LIMIT_UNEXPECTED_FILE':
    case 'LIMIT_FILE_COUNT':
    case 'LIMIT_PART_COUNT':
    case 'LIMIT_FIELD_COUNT':
      return new EyrieError('INVALID_REQUEST', onlyFiles(limits));
    default:
      return new EyrieError('INVALID_REQUEST', `the multipart body is not acceptable: ${error.message}`);
  }
}

function onlyFiles({ field, maxFiles }: FormLimits): string {
  return maxFiles === 1
    ? `the form must have one file, in the field "${field}", and nothing else`
    : `the form must have 1 to ${maxFiles} files, all in the field "${field}", and nothing else`;
}

function fileTooLarge(maxFileBytes: number): EyrieError {
  return tooLarge(`the file has more than the ${maxFileBytes} bytes that are allowed`);
}

function tooLarge(detail: string): EyrieError {
  return new EyrieError('IMAGE_TOO_LARGE', detail);
}
