import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { embedWeights, type ExternalWeights, lengthOf, OnnxFormatError, readOnnx, type OnnxModel } from '#onnx';
import { InvalidVersionError } from '#registry';
import { foreignFormat } from './foreign-format';

/** Protocol buffers end there. */
const MAX_BYTES = 2 ** 31 - 1;

/** An ONNX file in one piece. */
export interface ModelFile {
  path: string;
  /** As it is to be served. */
  bytes: Uint8Array;
  model: OnnxModel;
  /** What it was given in, where that is not the same. */
  original: Uint8Array;
  /** What has been changed, in sentences. */
  changes: string[];
}

/**
 * Reads an ONNX file, once: what is inspected is what is written. Weights in files beside it are put into it.
 * @throws InvalidVersionError saying what else it is and how to get an ONNX file of that
 */
export async function readModelFile(path: string): Promise<ModelFile> {
  const original = await readWhole(path);
  try {
    const readers = new WeightFiles(await realpath(dirname(path)));
    const parts = embed(original, readers);
    const bytes = parts ?? original;
    const model = readOnnx(bytes);
    return { path, bytes, model, original, changes: parts ? [`the weights of ${readers.names} were put into it`] : [] };
  } catch (error) {
    if (error instanceof InvalidVersionError) throw cannotBeAdded(path, error);
    if (!(error instanceof OnnxFormatError)) throw error;
    throw cannotBeAdded(path, new Error(foreignFormat(original, basename(path)) ?? error.message, { cause: error }));
  }
}

function cannotBeAdded(path: string, error: Error): InvalidVersionError {
  return new InvalidVersionError(`${path} cannot be added: ${error.message}`, { cause: error });
}

/** @throws InvalidVersionError */
async function readWhole(path: string): Promise<Uint8Array> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) throw new InvalidVersionError(`it is a folder, not an ONNX file`);
    if (!found.isFile()) throw new InvalidVersionError('it is not a file');
    if (found.size === 0) throw new InvalidVersionError('it is empty');
    if (found.size > MAX_BYTES) throw new InvalidVersionError('it is larger than 2 GiB, which no ONNX file can be');
    return await readFile(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'it is not there' : message;
    throw new InvalidVersionError(`cannot read ${path}: ${why}`, { cause: error });
  }
}

function embed(original: Uint8Array, files: WeightFiles): Uint8Array | undefined {
  try {
    const parts = embedWeights(original, (where) => files.read(where));
    if (!parts) return undefined;
    if (lengthOf(parts) > MAX_BYTES) {
      throw new InvalidVersionError('with its weights in one file it is larger than 2 GiB, which no ONNX file can be');
    }
    return Buffer.concat(parts);
  } finally {
    files.close();
  }
}

/** Files of weights beside a model, and nowhere else. */
class WeightFiles {
  private readonly open = new Map<string, { handle: number; size: number }>();
  private total = 0;

  /** @param folder without links */
  constructor(private readonly folder: string) {}

  get names(): string {
    return [...this.open.keys()].join(', ');
  }

  read({ location, offset, length }: ExternalWeights): Uint8Array {
    const { handle, size } = this.opened(location);
    const bytes = length ?? size - offset;
    const isWithin = Number.isSafeInteger(offset) && Number.isSafeInteger(bytes) && offset >= 0 && bytes >= 0;
    if (!isWithin || offset + bytes > size) {
      throw new InvalidVersionError(`${location} has ${size} bytes, fewer than the model wants of it; copy it again`);
    }
    this.total += bytes;
    if (this.total > MAX_BYTES) {
      throw new InvalidVersionError('with its weights in one file it is larger than 2 GiB, which no ONNX file can be');
    }
    const buffer = Buffer.alloc(bytes);
    for (let at = 0; at < bytes;) {
      const read = readSync(handle, buffer, at, bytes - at, offset + at);
      if (read === 0) throw new InvalidVersionError(`${location} became shorter while it was read`);
      at += read;
    }
    return buffer;
  }

  close(): void {
    for (const { handle } of this.open.values()) closeSync(handle);
  }

  private opened(location: string): { handle: number; size: number } {
    const known = this.open.get(location);
    if (known) return known;
    const path = join(this.folder, location);
    if (!path.startsWith(this.folder + sep) || location.includes('..')) {
      throw new InvalidVersionError(`its weights lie in ${location}, outside of its folder; export it again`);
    }
    try {
      const handle = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
      const found = fstatSync(handle);
      const opened = { handle, size: found.size };
      this.open.set(location, opened);
      if (!found.isFile()) throw new Error('it is not a file');
      return opened;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const why = code === 'ENOENT' ? 'it is not there' : code === 'ELOOP' ? 'it is a link' : message;
      throw new InvalidVersionError(`its weights lie in ${location}, which must be beside it: ${why}`, {
        cause: error,
      });
    }
  }
}
