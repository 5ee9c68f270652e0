import { join } from 'node:path';
import { EyrieError } from '#core';
import type { FileCalls } from '../stores/file-calls';
import { LOCAL_FILES } from '../stores/local-files';
import { isFull, isReadOnly, writeWhole } from '../stores/whole-file';
import { InvalidVersionError } from '../versions/invalid-version';
import { plainFile, readVersion } from '../versions/version-files';
import { makeBundle, SIGNATURE_FILE } from './bundle';
import type { PrivateKey } from './keys';
import { statementOf } from './statement';

/** What a file manager or a git checkout leaves there, and what a writer who was killed does. */
const PASSED_OVER = /^\.|\.draft$/;

/**
 * Signs all files of a version, as they are, and puts the signature beside them, in place of the one that is there. The manifest is among
 * them, and with it name and number of the version, so that the signature is good for no other.
 * @param folder the version's
 * @returns the names of the files that were signed
 * @throws InvalidVersionError when its files are not what its manifest says; EyrieError REGISTRY_READ_ONLY, CONFLICT when there is
 *   no room: all is as before then
 */
export async function signVersion(
  folder: string,
  name: string,
  version: number,
  key: PrivateKey,
  files: FileCalls = LOCAL_FILES,
): Promise<string[]> {
  const { manifest } = await readVersion(folder, name, version, files);
  const digests = new Map<string, string>();
  const passedOver = [SIGNATURE_FILE];
  for (const file of await filesBelow(files, folder, passedOver)) {
    const { path } = await plainFile(files, folder, file);
    digests.set(file, await files.sha256(path));
  }
  const { file, sha256 } = manifest.artifact;
  if (digests.get(file) !== sha256) {
    throw new InvalidVersionError(
      `${file} has SHA-256 ${digests.get(file)} but model.json says ${sha256}; copy the file again`,
    );
  }
  await write(
    files,
    join(folder, SIGNATURE_FILE),
    makeBundle(statementOf(`${name}/${version}`, digests, passedOver), key),
  );
  return [...digests.keys()];
}

/** @param passedOver where those are noted that are not to be signed @returns their names inside the folder, with `/` */
async function filesBelow(files: FileCalls, folder: string, passedOver: string[], below = ''): Promise<string[]> {
  const found: string[] = [];
  for (const { name, kind } of await files.list(join(folder, below))) {
    const path = below + name;
    if (path === SIGNATURE_FILE) continue;
    if (PASSED_OVER.test(name)) passedOver.push(path);
    else if (kind === 'folder') found.push(...(await filesBelow(files, folder, passedOver, `${path}/`)));
    else if (kind === 'file') found.push(path);
    else throw new InvalidVersionError(`${path} is no file; put the file itself there, and sign the version then`);
  }
  return found;
}

async function write(files: FileCalls, path: string, bundle: object): Promise<void> {
  try {
    await writeWhole(files, path, bundle);
  } catch (error) {
    const cause = { cause: error };
    if (isReadOnly(error)) throw new EyrieError('REGISTRY_READ_ONLY', `${path} cannot be written to`, cause);
    if (isFull(error)) throw new EyrieError('CONFLICT', `${path} was not written: its disk is full; make room`, cause);
    throw error;
  }
}
