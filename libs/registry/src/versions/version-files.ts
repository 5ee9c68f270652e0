import { createHash } from 'node:crypto';
import { lstat, open, readFile, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { PreparedTask, ReadVersionFile } from '#core';
import { utf8Text } from '#validation';
import { InvalidVersionError, parseManifest, parseRuntime, taskOf, type Manifest } from './manifest';

/** Bytes; no request waits longer than their hashing takes, about a tenth of a millisecond. */
const HASHED_AT_ONCE = 65_536;

/** A version whose files have been read and found to be what the manifest says. */
export interface CheckedVersion {
  manifest: Manifest;
  task: PreparedTask;
  /** Absolute path of the ONNX file. */
  modelPath: string;
  /** Gives the bytes of another file of the version. @throws InvalidVersionError */
  read: ReadVersionFile;
  /** The same for files that give the same answers, wherever they lie, and for no others. */
  identity: string;
}

/** What has been measured for this machine, beside the manifest, which never changes. */
export const RUNTIME_FILE = 'runtime.json';

/** The manifest, with the `runtime` that lies beside it if there is one. @throws InvalidVersionError */
export async function readManifest(folder: string, name: string, version: number): Promise<Manifest> {
  const manifest = parseManifest(await readText(folder, 'model.json'), { name, version });
  if (!(await isThere(join(folder, RUNTIME_FILE)))) return manifest;
  return { ...manifest, runtime: parseRuntime(await readText(folder, RUNTIME_FILE)) };
}

async function readText(folder: string, file: string): Promise<string> {
  const bytes = await readFile(await plainFile(folder, file));
  try {
    return utf8Text(bytes, file);
  } catch (error) {
    throw new InvalidVersionError((error as Error).message);
  }
}

function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/**
 * Reads a version's manifest and what its task needs beside it, and finds its model file: inside its folder, no link, of the size that
 * the manifest says. Whether it has the SHA-256 as well is seen by the worker, of the very bytes that it runs. @throws InvalidVersionError
 */
export async function readVersion(folder: string, name: string, version: number): Promise<CheckedVersion> {
  const manifest = await readManifest(folder, name, version);
  const modelPath = await artifactPath(folder, manifest.artifact);
  const read: ReadVersionFile = async (file) => readFile(await plainFile(folder, file));
  const task = await prepareTask(manifest, read);
  return { manifest, task, modelPath, read, identity: identityOf(manifest.artifact.sha256, task.spec) };
}

async function prepareTask(manifest: Manifest, read: ReadVersionFile): Promise<PreparedTask> {
  try {
    return await taskOf(manifest).prepare(manifest, read);
  } catch (error) {
    if (error instanceof InvalidVersionError) throw error;
    throw new InvalidVersionError((error as Error).message, { cause: error });
  }
}

/** The path of the model file, as far as a look at the folder can tell that it is the one. @throws InvalidVersionError */
export async function artifactPath(folder: string, { file, bytes }: Manifest['artifact']): Promise<string> {
  const path = await plainFile(folder, file);
  const { size } = await lstat(path);
  if (size !== bytes) {
    throw new InvalidVersionError(`${file} has ${size} bytes but model.json says ${bytes}; copy the file again`);
  }
  return path;
}

/** All that an answer depends on: the weights, and what the task makes of questions and answers. */
function identityOf(artifact: string, spec: object): string {
  const all = JSON.stringify([artifact, spec]);
  return createHash('sha256').update(all).digest('base64url');
}

/** The real path of a regular file below `folder`, to which no link leads. @throws InvalidVersionError */
export async function plainFile(folder: string, file: string): Promise<string> {
  const path = join(folder, file);
  try {
    const real = await realpath(path);
    if (real !== path || !real.startsWith(folder + sep)) {
      throw new InvalidVersionError(`${file} is, or lies behind, a symbolic link; put the file itself there`);
    }
    const found = await lstat(path);
    if (!found.isFile()) throw new InvalidVersionError(`${file} is not a file`);
    if (found.nlink > 1) throw new InvalidVersionError(`${file} is a hard link to a file elsewhere; put a copy there`);
    return path;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new InvalidVersionError(`${file} is missing in ${folder}`);
    }
    throw error instanceof InvalidVersionError
      ? error
      : new InvalidVersionError(`cannot read ${file}: ${(error as Error).message}`);
  }
}

/** @returns 64 lower-case hex digits */
export async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  // One buffer for all of it: those of a stream would wait for the garbage collector, beside those of the traffic.
  const buffer = Buffer.alloc(HASHED_AT_ONCE);
  const file = await open(path);
  try {
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length);
      if (bytesRead === 0) return hash.digest('hex');
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}
