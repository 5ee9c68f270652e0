import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import type { PreparedTask, ReadVersionFile } from '#core';
import { utf8Text } from '#validation';
import type { FileCalls, InsideFile } from '../stores/file-calls';
import { LOCAL_FILES } from '../stores/local-files';
import { isStorageFailure, StorageError } from '../stores/storage-error';
import { InvalidVersionError } from './invalid-version';
import { parseManifest, parseRuntime, taskOf, type Manifest } from './manifest';

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

/** The manifest, with the `runtime` that lies beside it if there is one. @throws InvalidVersionError, StorageError */
export async function readManifest(
  folder: string,
  name: string,
  version: number,
  files: FileCalls = LOCAL_FILES,
): Promise<Manifest> {
  const manifest = parseManifest(await readText(files, folder, 'model.json'), { name, version });
  if (!(await isThere(files, folder, RUNTIME_FILE))) return manifest;
  return { ...manifest, runtime: parseRuntime(await readText(files, folder, RUNTIME_FILE)) };
}

async function readText(files: FileCalls, folder: string, file: string): Promise<string> {
  const bytes = await readPlainFile(files, folder, file);
  try {
    return utf8Text(bytes, file);
  } catch (error) {
    throw new InvalidVersionError((error as Error).message);
  }
}

/** A link that leads nowhere is there. */
async function isThere(files: FileCalls, folder: string, file: string): Promise<boolean> {
  try {
    return (await files.list(folder)).some(({ name }) => name === file);
  } catch (error) {
    throw explain(error, folder, file);
  }
}

/**
 * Reads a version's manifest and what its task needs beside it, and finds its model file: inside the registry, of the size that the
 * manifest says. Whether it has the SHA-256 as well is seen by the worker, of the very bytes that it runs.
 * @throws InvalidVersionError, StorageError
 */
export async function readVersion(
  folder: string,
  name: string,
  version: number,
  files: FileCalls = LOCAL_FILES,
): Promise<CheckedVersion> {
  const manifest = await readManifest(folder, name, version, files);
  const modelPath = await artifactPath(folder, manifest.artifact, files);
  const read: ReadVersionFile = async (file) => Buffer.from(await readPlainFile(files, folder, file));
  const task = await prepareTask(manifest, read);
  return { manifest, task, modelPath, read, identity: identityOf(manifest.artifact.sha256, task.spec) };
}

async function prepareTask(manifest: Manifest, read: ReadVersionFile): Promise<PreparedTask> {
  try {
    return await taskOf(manifest).prepare(manifest, read);
  } catch (error) {
    if (error instanceof InvalidVersionError || error instanceof StorageError) throw error;
    throw new InvalidVersionError((error as Error).message, { cause: error });
  }
}

/** The path of the model file, as far as a look at the folder can tell that it is the one. @throws InvalidVersionError, StorageError */
export async function artifactPath(
  folder: string,
  { file, bytes }: Manifest['artifact'],
  files: FileCalls = LOCAL_FILES,
): Promise<string> {
  const { path, size } = await plainFile(files, folder, file);
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

/**
 * The real path of a regular file, and its size. Links are followed as long as they stay inside the registry, two folders above the
 * version's: so a ConfigMap is mounted. @throws InvalidVersionError, StorageError
 */
export async function plainFile(files: FileCalls, folder: string, file: string, content = false): Promise<InsideFile> {
  try {
    const found = await files.inside(dirname(dirname(folder)), join(folder, file), content);
    if (!found.isInside) {
      throw new InvalidVersionError(
        `${file} is, or lies behind, a symbolic link that leads out of the registry; put the file itself there`,
      );
    }
    if (found.kind !== 'file') throw new InvalidVersionError(`${file} is not a file`);
    if (found.names > 1) throw new InvalidVersionError(`${file} is a hard link to a file elsewhere; put a copy there`);
    return found;
  } catch (error) {
    throw explain(error, folder, file);
  }
}

async function readPlainFile(files: FileCalls, folder: string, file: string): Promise<Uint8Array> {
  return (await plainFile(files, folder, file, true)).content!;
}

function explain(error: unknown, folder: string, file: string): unknown {
  if (error instanceof InvalidVersionError || error instanceof StorageError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return new InvalidVersionError(`${file} is missing in ${folder}`);
  const detail = `cannot read ${file}: ${message}`;
  return isStorageFailure(error) ? new StorageError(detail) : new InvalidVersionError(detail);
}
