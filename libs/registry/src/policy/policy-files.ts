import { link, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { EyrieError } from '#core';
import { utf8Text } from '#validation';
import { InvalidPolicyError, parsePolicy, routedVersions, type Policy } from './policy';
import { isFull, isReadOnly, writeDraft, writeWhole } from '../stores/whole-file';

/**
 * A model's policy on disk: `policy.json` is the one in force, `policy-history/<revision>.json` keeps every revision.
 * A revision belongs to whoever creates its history file first: that is the compare-and-swap that lets several
 * replicas share a folder.
 */

/** A revision as it is kept: the policy, and what it undid, if it was a rollback. */
export interface PolicyRecord {
  policy: Policy;
  /** The revision whose policy this one brought back. */
  restores?: number;
}

/** The parsed policy.json, or null where there is none. */
export async function readPolicyFile(folder: string): Promise<unknown> {
  return readJson(join(folder, 'policy.json'));
}

/** A kept revision, or null where it was never kept. @throws InvalidPolicyError when it cannot be read */
export async function readRecord(folder: string, revision: number): Promise<PolicyRecord | null> {
  const path = recordPath(folder, revision);
  const plain = await readJson(path);
  if (plain === null) return null;
  try {
    return parseRecord(plain);
  } catch (error) {
    if (!(error instanceof InvalidPolicyError)) throw error;
    throw new InvalidPolicyError(`policy-history/${basename(path)} is no revision of a policy: ${error.message}`);
  }
}

/** Whether the versions that it names are there is not looked at. @throws InvalidPolicyError */
function parseRecord(plain: unknown): PolicyRecord {
  if (typeof plain !== 'object' || plain === null || !('policy' in plain))
    throw new InvalidPolicyError('it has no policy');
  const policy = parsePolicy(plain.policy, undefined);
  if (!('restores' in plain)) return { policy };
  const { restores } = plain;
  if (typeof restores === 'number' && Number.isInteger(restores) && restores >= 0) return { policy, restores };
  throw new InvalidPolicyError('"restores" must be the number of a revision');
}

/** Every version that a kept revision names, be it there or not. What cannot be read as a policy names none. */
export async function versionsInHistory(folder: string): Promise<Set<number>> {
  const named = new Set<number>();
  const files = await readdir(join(folder, 'policy-history')).catch(() => []);
  for (const file of files.filter((name) => /^\d+\.json$/.test(name))) {
    try {
      const record = await readRecord(folder, Number.parseInt(file));
      for (const version of record ? routedVersions(record.policy) : []) named.add(version);
    } catch (error) {
      if (!(error instanceof InvalidPolicyError)) throw error;
    }
  }
  return named;
}

/**
 * Makes `record` the policy in force if `before` still is.
 * @throws EyrieError PRECONDITION_FAILED when somebody else was faster, REGISTRY_READ_ONLY when nothing can be
 *   written; the policy in force is untouched then, and nothing half-written is left
 */
export async function writePolicyFile(folder: string, record: PolicyRecord, before: Policy): Promise<void> {
  const path = join(folder, 'policy.json');
  try {
    await makeHistory(folder);
    // A policy that was edited by hand has not been kept yet.
    await createRecord(folder, { policy: before });
    if (!(await createRecord(folder, record))) {
      await finishInterruptedWrite(folder, path, before);
      throw new EyrieError(
        'PRECONDITION_FAILED',
        'the policy has been changed meanwhile; read it again, then change it',
      );
    }
    await writeWhole(path, record.policy);
  } catch (error) {
    throw explain(error, folder);
  }
}

/** Not with `recursive`: on a read-only file system Node answers that with ENOENT, as if the registry were not there. */
async function makeHistory(folder: string): Promise<void> {
  try {
    await mkdir(join(folder, 'policy-history'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** @returns false when the revision exists already */
async function createRecord(folder: string, record: PolicyRecord): Promise<boolean> {
  const path = recordPath(folder, record.policy.revision);
  const draft = await writeDraft(path, record);
  try {
    // A link appears whole or not at all, and only for the first who asks.
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/** A writer that died between its two steps owns the revision; what it wanted becomes true. */
async function finishInterruptedWrite(folder: string, path: string, before: Policy): Promise<void> {
  const stored = await readPolicyFile(folder);
  if (stored !== null && parsePolicy(stored, undefined).revision > before.revision) return;
  const record = await readRecord(folder, before.revision + 1);
  if (record) await writeWhole(path, record.policy);
}

function recordPath(folder: string, revision: number): string {
  return join(folder, 'policy-history', `${revision}.json`);
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(utf8Text(await readFile(path), basename(path))) as unknown;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    throw new InvalidPolicyError(`${basename(path)} cannot be read: ${message}`);
  }
}

function explain(error: unknown, folder: string): unknown {
  if (isReadOnly(error)) {
    return new EyrieError(
      'REGISTRY_READ_ONLY',
      'the registry is read-only here; change the policy where it comes from',
      {
        cause: error,
      },
    );
  }
  if (isFull(error)) {
    return new EyrieError('CONFLICT', `the policy was not changed: the disk of the registry is full; make room`, {
      cause: error,
    });
  }
  return error instanceof EyrieError
    ? error
    : new Error(`cannot write the policy in ${folder}: ${(error as Error).message}`, { cause: error });
}
