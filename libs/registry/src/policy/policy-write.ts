import { join } from 'node:path';
import { EyrieError } from '#core';
import { parsePolicy, type Policy } from './policy';
import {
  historyPath,
  isReplaced,
  keptRevisions,
  policyPath,
  readJson,
  readPolicyFile,
  readRecord,
  recordPath,
  type PolicyFolder,
} from './policy-files';
import type { PolicyRecord } from './policy-record';
import { isSamePolicy } from './same-policy';
import { StorageError } from '../stores/storage-error';
import { isAbandoned, OWN_NAME, ownName } from '../stores/owner';
import { DRAFT_NAME, isFull, isReadOnly, writeDraft } from '../stores/whole-file';

/**
 * How a policy is written by one of several who may all want to:
 *
 * 1. `policy.json.<revision>.<owner>.draft` holds the new policy.
 * 2. `policy-history/<revision>.json` is made by a link, which appears whole or not at all, and only for the first who asks: the
 *    revision is taken. This is the compare-and-swap. With both on the disk itself, the change has been made.
 * 3. The draft is renamed to `policy.json`: it is in force.
 *
 * Whoever dies between 2 and 3 has left the draft, and so an unfinished change is told apart from a policy.json that somebody has set
 * back. The draft can be renamed, or removed, by one only: so a change is brought to its end once, or taken back once, whoever
 * does it.
 */
const DRAFT = new RegExp(`^policy\\.json\\.(\\d{1,9})\\.${OWN_NAME}\\.draft$`);

/**
 * The highest revision that is there. To be asked before the policy is read that a change is built on: what somebody else writes
 * after that has the number that this change would get.
 * @throws EyrieError PRECONDITION_FAILED while a change is under way; StorageError
 */
export async function latestRevision(folder: PolicyFolder): Promise<number> {
  const latest = Math.max(0, ...(await keptRevisions(folder)));
  // Looked at after the history: of a revision that has been seen there, the draft is here until it is in force.
  for (const { revision, path } of await draftsOf(folder)) {
    if (await hasTaken(folder, revision, path)) throw changedMeanwhile();
  }
  return latest;
}

/**
 * Makes `record` the policy in force if nobody has taken its revision yet, and keeps `before` as the revision that it replaces.
 * @throws EyrieError PRECONDITION_FAILED when somebody else was faster, REGISTRY_READ_ONLY, CONFLICT when there is no room: the
 *   policy in force is untouched then, and stays so; StorageError: it is not known which of the two
 */
export async function writePolicyFile(folder: PolicyFolder, record: PolicyRecord, before: Policy): Promise<void> {
  const { files } = folder;
  const { revision } = record.policy;
  const replaces = record.replaces ?? before.revision;
  const path = policyPath(folder);
  const draft = `${path}.${revision}.${ownName()}.draft`;
  try {
    await refuseLink(folder);
    await makeHistory(folder);
    // A policy that was edited by hand has not been kept yet.
    const kept = { policy: { ...before, revision: replaces } };
    if (!(await createRecord(folder, kept)) && !(await isKept(folder, replaces, before))) throw changedMeanwhile();
    await files.create(draft, `${JSON.stringify(record.policy, null, 2)}\n`);
  } catch (error) {
    throw explain(error, folder);
  }
  let isTaken = false;
  try {
    isTaken = await createRecord(folder, { ...record, replaces });
    if (!isTaken) throw changedMeanwhile();
    await files.sync(historyPath(folder));
    await files.sync(folder.path);
    await files.rename(draft, path);
  } catch (error) {
    if (await isFinished(folder, draft, revision, error)) return;
    // Without its draft it is no change that anybody would finish; left there it would only take a number.
    if (isTaken) await files.unlink(recordPath(folder, revision)).catch(() => undefined);
    throw explain(error, folder);
  }
  // Should the machine fail before the rename is on the disk, the draft is there, and the next look finishes it.
  await files.sync(folder.path).catch(() => undefined);
}

/**
 * Brings to its end what a writer has begun who is gone, and clears away what others have left.
 * @returns the revision that has come into force by that
 */
export async function finishInterrupted(
  folder: PolicyFolder,
  versions: readonly number[],
): Promise<number | undefined> {
  let finished: number | undefined;
  for (const { revision, path, machine, pid } of await draftsOf(folder)) {
    if (!(await hasTaken(folder, revision, path))) {
      await removeIfAbandoned(folder, path, machine, pid);
    } else if (await isBuiltOnWhatIsThere(folder, revision, versions)) {
      await folder.files.rename(path, policyPath(folder));
      await folder.files.sync(folder.path);
      finished = revision;
    } else {
      // Somebody has put another policy there since.
      await folder.files.unlink(path);
    }
  }
  return finished;
}

/** Removes drafts of files in `path` whose writers are gone. What cannot be removed stays. */
export async function removeAbandonedDrafts({ files }: Pick<PolicyFolder, 'files'>, path: string): Promise<void> {
  const entries = await files.list(path).catch(() => []);
  for (const { name } of entries) {
    const [isDraft, machine, pid] = DRAFT_NAME.exec(name) ?? [];
    if (isDraft === undefined || DRAFT.test(name)) continue;
    await removeIfAbandoned({ files, path }, join(path, name), machine, pid);
  }
}

async function removeIfAbandoned({ files }: PolicyFolder, path: string, machine?: string, pid?: string): Promise<void> {
  try {
    const { modifiedMs } = await files.follow(path);
    if (isAbandoned(machine, pid, modifiedMs)) await files.unlink(path);
  } catch {
    // Somebody else has removed it, or it must stay.
  }
}

interface PolicyDraftFile {
  revision: number;
  path: string;
  machine?: string;
  pid?: string;
}

async function draftsOf({ files, path }: PolicyFolder): Promise<PolicyDraftFile[]> {
  const found: PolicyDraftFile[] = [];
  for (const { name } of await files.list(path)) {
    const [isDraft, revision, machine, pid] = DRAFT.exec(name) ?? [];
    if (isDraft !== undefined) found.push({ revision: Number(revision), path: join(path, name), machine, pid });
  }
  return found.sort((a, b) => a.revision - b.revision);
}

/** Whether the revision of a draft is taken, and by this one. */
async function hasTaken(folder: PolicyFolder, revision: number, draft: string): Promise<boolean> {
  try {
    const record = await readRecord(folder, revision);
    const wanted = await readJson(folder, draft);
    return record !== null && wanted !== null && isSamePolicy(record.policy, parsePolicy(wanted, undefined));
  } catch (error) {
    if (error instanceof EyrieError) throw error;
    return false;
  }
}

async function isBuiltOnWhatIsThere(
  folder: PolicyFolder,
  revision: number,
  versions: readonly number[],
): Promise<boolean> {
  try {
    const record = await readRecord(folder, revision);
    return record !== null && (await isReplaced(folder, record, await readPolicyFile(folder), versions));
  } catch (error) {
    if (error instanceof EyrieError) throw error;
    return false;
  }
}

/**
 * After something failed once the draft was there. Whoever removes it has taken the change back: nobody can finish it any more.
 * @returns whether somebody else has finished it meanwhile
 * @throws StorageError when neither is known
 */
async function isFinished(folder: PolicyFolder, draft: string, revision: number, cause: unknown): Promise<boolean> {
  try {
    await folder.files.unlink(draft);
    return false;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      const stored = await readPolicyFile(folder);
      return stored !== null && parsePolicy(stored, undefined).revision >= revision;
    }
    const why = `${(cause as Error).message}; ${(error as Error).message}`;
    throw new StorageError(`whether the policy has been changed is not known, read it again: ${why}`);
  }
}

/** Whoever links the file wants to change it elsewhere; a rename would cut the link. @throws EyrieError REGISTRY_READ_ONLY */
async function refuseLink({ files, path }: PolicyFolder): Promise<void> {
  const entries = await files.list(path);
  const link = entries.find(({ name, kind }) => kind === 'link' && ['policy.json', 'policy-history'].includes(name));
  if (link === undefined) return;
  throw new EyrieError('REGISTRY_READ_ONLY', `${link.name} is a symbolic link; change the policy where it leads to`);
}

async function makeHistory(folder: PolicyFolder): Promise<void> {
  try {
    await folder.files.makeFolder(historyPath(folder));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** @returns false when the revision exists already */
async function createRecord(folder: PolicyFolder, record: PolicyRecord): Promise<boolean> {
  const { files } = folder;
  const path = recordPath(folder, record.policy.revision);
  const draft = await writeDraft(files, path, record);
  try {
    await files.link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await files.unlink(draft).catch(() => undefined);
  }
}

async function isKept(folder: PolicyFolder, revision: number, policy: Policy): Promise<boolean> {
  const kept = await readRecord(folder, revision);
  return kept !== null && isSamePolicy(kept.policy, policy);
}

function changedMeanwhile(): EyrieError {
  return new EyrieError('PRECONDITION_FAILED', 'the policy has been changed meanwhile; read it again, then change it');
}

function explain(error: unknown, { path }: PolicyFolder): unknown {
  const cause = { cause: error };
  if (isReadOnly(error)) {
    return new EyrieError(
      'REGISTRY_READ_ONLY',
      'the registry is read-only here; change the policy where it comes from',
      cause,
    );
  }
  if (isFull(error)) {
    return new EyrieError('CONFLICT', `the policy was not changed: the disk of the registry is full; make room`, cause);
  }
  return error instanceof EyrieError
    ? error
    : new Error(`cannot write the policy in ${path}: ${(error as Error).message}`, cause);
}
