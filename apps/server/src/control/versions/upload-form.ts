import type { Request, Response } from 'express';
import multer, { MulterError, type StorageEngine } from 'multer';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Transform } from 'node:stream';
import { EyrieError, type Limit } from '#core';
import { explainWrite, type Upload, type UploadFolder } from './upload-folder';

/** What a name of a field may be; whether there is such a one, the command line knows. */
const FIELD = /^[a-z][a-z-]{0,40}$/;
/** A file keeps its name where it is a plain one: it is told in messages, and weights beside a model are found by it. */
const PLAIN_NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,119}$/;
const LIMITS = { fields: 60, fieldNameSize: 60, fieldSize: 16 * 1024, files: 20, headerPairs: 100 };

type Named = Pick<Upload, 'fields' | 'files'>;

/**
 * Reads a multipart body straight into files of `folder`.
 * @param most bytes of all files together
 * @throws EyrieError INVALID_REQUEST, UPLOAD_TOO_LARGE, most of them before the rest of the body is there; CONFLICT when the disk is full
 */
export async function readUpload(
  req: Request,
  res: Response,
  folder: UploadFolder,
  most: Limit,
): Promise<Pick<Upload, 'file' | 'fields' | 'files'>> {
  if (Number(req.header('content-length')) > most.value + 1024 * 1024) throw tooLarge(most);
  const named: Named = { fields: {}, files: {} };
  await parse(req, res, new FilesOnDisk(folder, named.files, most));
  for (const [field, value] of Object.entries((req.body ?? {}) as Record<string, unknown>)) {
    if (!FIELD.test(field)) throw badField(field);
    if (typeof value !== 'string')
      throw new EyrieError('INVALID_REQUEST', `the field "${field}" is there more than once`);
    named.fields[field] = value;
  }
  const { file: [file, ...others] = [], ...files } = named.files;
  if (file === undefined || others.length > 0) {
    throw new EyrieError(
      'INVALID_REQUEST',
      'the form must have one file in the field "file": the model, in ONNX format',
    );
  }
  return { file, fields: named.fields, files };
}

function parse(req: Request, res: Response, storage: FilesOnDisk): Promise<void> {
  return new Promise((resolve, reject) => {
    // multer tells of an error after it has read the whole upload; this tells at once.
    storage.onError = reject;
    const upload = multer({ storage, limits: LIMITS }).any();
    void upload(req, res, (error: unknown) => (error ? reject(explain(error)) : resolve()));
  });
}

class FilesOnDisk implements StorageEngine {
  onError: (error: unknown) => void = () => undefined;
  private total = 0;

  constructor(
    private readonly folder: UploadFolder,
    private readonly files: Named['files'],
    private readonly most: Limit,
  ) {}

  _handleFile: StorageEngine['_handleFile'] = (_req, file, done) => {
    this.write(file).then(
      () => done(null, {}),
      (error: unknown) => {
        const explained = explainWrite(error, this.folder.path);
        this.onError(explained);
        file.stream.resume();
        done(explained);
      },
    );
  };

  // The whole folder goes.
  _removeFile: StorageEngine['_removeFile'] = (_req, _file, done) => done(null);

  private async write({ fieldname, originalname, stream }: Express.Multer.File): Promise<void> {
    if (!FIELD.test(fieldname)) throw badField(fieldname);
    const path = this.pathOf(fieldname, originalname);
    const known = (this.files[fieldname] ??= []);
    if (Object.values(this.files).flat().includes(path)) {
      throw new EyrieError('INVALID_REQUEST', `two files of the form are called ${originalname}`);
    }
    known.push(path);
    if (path.includes('/')) await this.makeFolder(fieldname);
    await pipeline(stream, this.counted(), createWriteStream(join(this.folder.path, path), { flags: 'wx' }));
  }

  /** Weights lie beside the model that names them; others, in a folder of their field, may be called as they like. */
  private pathOf(field: string, name: string): string {
    if (field === 'file') return PLAIN_NAME.test(name) && name !== 'upload.json' ? name : 'model.onnx';
    const plain = PLAIN_NAME.test(name);
    if (field === 'data') {
      if (plain && name !== 'upload.json') return name;
      throw new EyrieError('INVALID_REQUEST', 'a file in the field "data" needs the name by which the model calls it');
    }
    return `${field}/${plain ? name : `file-${this.files[field]?.length ?? 0}`}`;
  }

  /** Not with `recursive`, which would bring the whole folder back when it is gone because the client is. */
  private async makeFolder(field: string): Promise<void> {
    try {
      await mkdir(join(this.folder.path, field));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }

  private counted(): Transform {
    return new Transform({
      transform: (chunk: Buffer, _, next) => {
        this.total += chunk.length;
        if (this.total > this.most.value) next(tooLarge(this.most));
        else next(null, chunk);
      },
    });
  }
}

function explain(error: unknown): unknown {
  if (error instanceof EyrieError) return error;
  if (error instanceof MulterError) {
    return new EyrieError('INVALID_REQUEST', `the form is not acceptable: ${error.message}`, { cause: error });
  }
  const { code, message } = error as NodeJS.ErrnoException;
  // Of the system, not of the form.
  if (code !== undefined && /^E[A-Z]+$/.test(code)) return error;
  return new EyrieError('INVALID_REQUEST', `the multipart body is broken: ${message}`);
}

function badField(field: string): EyrieError {
  return new EyrieError('INVALID_REQUEST', `${JSON.stringify(field.slice(0, 60))} is no name of a field here`);
}

function tooLarge(most: Limit): EyrieError {
  return new EyrieError('UPLOAD_TOO_LARGE', `the upload has more than ${most.value} bytes`, { bound: most });
}
