import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { DamagedModelError, hasExternalData } from './external-data';
import { ModelLoadError } from './model-load-error';

/** Bytes that are read and hashed at a time. */
const STEP = 1 << 20;

/** The bytes of a model file. */
export interface ModelBytes {
  bytes: Uint8Array;
  /** Gives their memory back at once; a garbage collection may be long in coming to a worker that has little to do. */
  free(): void;
}

/** Not for every step: the file may be large, and its storage fast. */
const TELL_EVERY_MS = 500;

/**
 * Reads a model file once. What has been hashed and looked through is what a session is made of, whatever becomes of the file
 * meanwhile.
 * @param onReading is called now and then while more of it comes
 * @throws ModelLoadError when it cannot be read, when it is not the file with this SHA-256, or when weights lie in other files: no checksum covers these,
 *   and their paths may lead anywhere
 */
export async function readModel(path: string, sha256: string, onReading = (): void => undefined): Promise<ModelBytes> {
  const file = basename(path);
  const model = await readHashed(path, onReading);
  try {
    if (model.sha256 !== sha256) {
      throw new ModelLoadError(
        `${file} has SHA-256 ${model.sha256} but model.json says ${sha256}; ` +
          'the file is damaged or is another one: copy it again',
      );
    }
    refuseExternalData(model.bytes, file);
    return model;
  } catch (error) {
    model.free();
    throw error;
  }
}

async function readHashed(path: string, onReading: () => void): Promise<ModelBytes & { sha256: string }> {
  const handle = await open(path).catch(unreadable);
  try {
    const { size } = await handle.stat();
    const { buffer, free } = resizableBuffer(size);
    const bytes = new Uint8Array(buffer);
    const hash = createHash('sha256');
    let told = performance.now();
    for (let at = 0; at < size;) {
      const { bytesRead } = await handle.read(bytes, at, Math.min(STEP, size - at), at);
      if (bytesRead === 0) break; // it has become shorter: the checksum says so
      hash.update(bytes.subarray(at, at + bytesRead));
      at += bytesRead;
      if (performance.now() - told < TELL_EVERY_MS) continue;
      told = performance.now();
      onReading();
    }
    return { bytes, free, sha256: hash.digest('hex') };
  } catch (error) {
    return unreadable(error as Error);
  } finally {
    await handle.close();
  }
}

function unreadable(error: NodeJS.ErrnoException): never {
  throw new ModelLoadError(`cannot read the model file: ${error.message}`, { kind: 'unreadable', code: error.code });
}

/** ECMAScript 2024, which Node 20 has; TypeScript's `lib` is older. */
interface ResizableArrayBufferConstructor {
  new (length: number, options: { maxByteLength: number }): ArrayBuffer & { resize(length: number): void };
}

function resizableBuffer(size: number): { buffer: ArrayBuffer; free: () => void } {
  const buffer = new (ArrayBuffer as unknown as ResizableArrayBufferConstructor)(size, { maxByteLength: size });
  return { buffer, free: () => buffer.resize(0) };
}

function refuseExternalData(bytes: Uint8Array, file: string): void {
  try {
    if (!hasExternalData(bytes)) return;
  } catch (error) {
    if (error instanceof DamagedModelError) throw new ModelLoadError(`${file}: ${error.message}`);
    throw error;
  }
  throw new ModelLoadError(
    `${file} keeps weights in other files; save it as one file, in Python with onnx.save(onnx.load(path), one_file)`,
  );
}
