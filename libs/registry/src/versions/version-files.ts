import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import type { PreparedTask, ReadVersionFile } from '#core';
import { utf8Text } from '#validation';
import type { FileCalls, InsideFile } from '../stores/file-calls';
import { LOCAL_FILES } from '../stores/local-files';
import { SIGNATURE_FILE } from '../signatures/bundle';
import type { PublicKey } from '../signatures/keys';
import type { SignatureRules } from '../signatures/signature-rules';
import { SignedFiles } from '../signatures/signed-files';
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
  /** The key whose signature was found right; undefined where none was looked for, or none was there. */
  signedBy?: PublicKey;
}

/** What has been measured for this machine, beside the manifest, which never changes. */
export const RUNTIME_FILE = 'runtime.json';
/** Some 200 bytes for each file of the version; it is parsed beside requests. */
const MOST_SIGNATURE_BYTES = 1024 * 1024;

/** The manifest, with the `runtime` that lies beside it if there is one. @throws InvalidVersionError, StorageError */
export async function readManifest(
  folder: string,
  name: string,
  version: number,
  files: FileCalls = LOCAL_FILES,
): Promise<Manifest> {
  return manifestIn(new VersionFiles(files, folder), name, version);
}

/** The files of a version; each is what was signed, where that is to be checked. */
class VersionFiles {
  constructor(
    readonly files: FileCalls,
    readonly folder: string,
    readonly signed?: SignedFiles,
  ) {}

  async bytes(file: string): Promise<Uint8Array> {
    const { content } = await plainFile(this.files, this.folder, file, true);
    this.signed?.requireContent(file, content!);
    return content!;
  }

  async text(file: string): Promise<string> {
    return asText(await this.bytes(file), file);
  }

  /** A link that leads nowhere is there. */
  async has(file: string): Promise<boolean> {
    try {
      const isThere = (await this.files.list(this.folder)).some(({ name }) => name === file);
      if (!isThere) this.signed?.requireAbsent(file);
      return isThere;
    } catch (error) {
      throw explain(error, this.folder, file);
    }
  }
}

async function manifestIn(inside: VersionFiles, name: string, version: number): Promise<Manifest> {
  const manifest = parseManifest(await inside.text('model.json'), { name, version });
  if (!(await inside.has(RUNTIME_FILE))) return manifest;
  return { ...manifest, runtime: parseRuntime(await inside.text(RUNTIME_FILE)) };
}

function asText(bytes: Uint8Array, file: string): string {
  try {
    return utf8Text(bytes, file);
  } catch (error) {
    throw new InvalidVersionError((error as Error).message);
  }
}

/**
 * Reads a version's manifest and what its task needs beside it, and finds its model file: inside the registry, of the size that the
 * manifest says. Whether it has the SHA-256 as well is seen by the worker, of the very bytes that it runs. Where there are rules for
 * signatures, every file that is read, now or by `read`, must be as it was signed.
 * @throws InvalidVersionError, StorageError
 */
export async function readVersion(
  folder: string,
  name: string,
  version: number,
  files: FileCalls = LOCAL_FILES,
  signatures?: SignatureRules,
): Promise<CheckedVersion> {
  const signed = signatures && (await readSignature(files, folder, signatures));
  const inside = new VersionFiles(files, folder, signed);
  const manifest = await manifestIn(inside, name, version);
  signed?.requireDigest(manifest.artifact.file, manifest.artifact.sha256);
  const modelPath = await artifactPath(folder, manifest.artifact, files);
  const read: ReadVersionFile = async (file) => Buffer.from(await inside.bytes(file));
  const task = await prepareTask(manifest, read);
  const identity = identityOf(manifest.artifact.sha256, task.spec);
  return { manifest, task, modelPath, read, identity, signedBy: signed?.by };
}

/** @returns undefined where there is none and none is required */
async function readSignature(
  files: FileCalls,
  folder: string,
  { keys, required }: SignatureRules,
): Promise<SignedFiles | undefined> {
  const unsigned = new VersionFiles(files, folder);
  if (!(await unsigned.has(SIGNATURE_FILE))) {
    if (!required) return undefined;
    throw new InvalidVersionError(
      `it is not signed: there is no ${SIGNATURE_FILE}, and MODEL_SIGNATURES is "required"; "eyrie models sign" makes one`,
    );
  }
  const { size } = await plainFile(files, folder, SIGNATURE_FILE);
  if (size > MOST_SIGNATURE_BYTES) {
    throw new InvalidVersionError(
      `${SIGNATURE_FILE} has ${size} bytes; a signature has ${MOST_SIGNATURE_BYTES} at most`,
    );
  }
  return SignedFiles.open(await unsigned.text(SIGNATURE_FILE), keys);
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

function explain(error: unknown, folder: string, file: string): unknown {
  if (error instanceof InvalidVersionError || error instanceof StorageError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return new InvalidVersionError(`${file} is missing in ${folder}`);
  const detail = `cannot read ${file}: ${message}`;
  return isStorageFailure(error) ? new StorageError(detail) : new InvalidVersionError(detail);
}
