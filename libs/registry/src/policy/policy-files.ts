import { basename, dirname, join } from 'node:path';
import { EyrieError } from '#core';
import { utf8Text } from '#validation';
import { InvalidPolicyError, parsePolicy, routedVersions } from './policy';
import { parseRecord, type PolicyRecord } from './policy-record';
import { isSamePolicy } from './same-policy';
import type { FileCalls } from '../stores/file-calls';
import { isStorageFailure, StorageError } from '../stores/storage-error';

/**
 * A model's policy on disk: `policy.json` is the one in force, `policy-history/<revision>.json` keeps every revision. How they are
 * written, see policy-write.ts.
 */

/** Bytes. */
const LARGEST = 1024 * 1024;

/** Where the policy of a model is, and by whom it is asked for. */
export interface PolicyFolder {
  files: FileCalls;
  /** The model's. */
  path: string;
}

export const policyPath = ({ path }: PolicyFolder): string => join(path, 'policy.json');
export const historyPath = ({ path }: PolicyFolder): string => join(path, 'policy-history');
export const recordPath = (folder: PolicyFolder, revision: number): string =>
  join(historyPath(folder), `${revision}.json`);

/** The parsed policy.json, or null where there is none. @throws InvalidPolicyError, StorageError */
export async function readPolicyFile(folder: PolicyFolder): Promise<unknown> {
  return readJson(folder, policyPath(folder));
}

/** A kept revision, or null where it was never kept. @throws InvalidPolicyError when it cannot be read; StorageError */
export async function readRecord(folder: PolicyFolder, revision: number): Promise<PolicyRecord | null> {
  const path = recordPath(folder, revision);
  const plain = await readJson(folder, path);
  if (plain === null) return null;
  try {
    return parseRecord(plain);
  } catch (error) {
    if (!(error instanceof InvalidPolicyError)) throw error;
    throw new InvalidPolicyError(`policy-history/${basename(path)} is no revision of a policy: ${error.message}`);
  }
}

/** Every version that a kept revision names, be it there or not. What cannot be read as a policy names none. */
export async function versionsInHistory(folder: PolicyFolder): Promise<Set<number>> {
  const named = new Set<number>();
  for (const revision of await keptRevisions(folder).catch(() => [])) {
    try {
      const record = await readRecord(folder, revision);
      for (const version of record ? routedVersions(record.policy) : []) named.add(version);
    } catch (error) {
      if (!(error instanceof InvalidPolicyError)) throw error;
    }
  }
  return named;
}

/** Numbers of the revisions that are kept, ascending. */
export async function keptRevisions(folder: PolicyFolder): Promise<number[]> {
  try {
    const names = (await folder.files.list(historyPath(folder))).map(({ name }) => name);
    return names
      .filter((name) => /^\d{1,9}\.json$/.test(name))
      .map((name) => Number.parseInt(name))
      .sort((a, b) => a - b);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Whether a policy is what `record` took the place of. */
export async function isReplaced(
  folder: PolicyFolder,
  record: PolicyRecord,
  stored: unknown,
  versions: readonly number[],
): Promise<boolean> {
  if (record.replaces === undefined) return false;
  const kept = await readRecord(folder, record.replaces);
  if (!kept) return false;
  // Where nobody has written a policy, what is kept is the default of then.
  if (stored === null) return typeof kept.policy.default === 'number' && versions.includes(kept.policy.default);
  return isSamePolicy(kept.policy, parsePolicy(stored, undefined));
}

/**
 * Parsed; null where there is no such file. A link is followed as long as it stays inside the registry.
 * @throws InvalidPolicyError, StorageError
 */
export async function readJson({ files, path: folder }: PolicyFolder, path: string): Promise<unknown> {
  try {
    const found = await files.inside(dirname(folder), path, true);
    if (!found.isInside) {
      throw new Error(
        'it is, or lies behind, a symbolic link that leads out of the registry; put the file itself there',
      );
    }
    if (found.kind !== 'file') throw new Error('it is not a file');
    if (found.size > LARGEST) throw new Error(`it has ${found.size} bytes, and no policy has more than ${LARGEST}`);
    return JSON.parse(utf8Text(found.content!, basename(path))) as unknown;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    if (error instanceof EyrieError) throw error;
    const detail = `${basename(path)} cannot be read: ${message}`;
    throw isStorageFailure(error) ? new StorageError(detail) : new InvalidPolicyError(detail);
  }
}
