import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { type FolderStore, InvalidPolicyError, isSamePolicy, type Policy, VERSION_NAME } from '#registry';
import { Failure } from '../failure';
import { readFileDigest } from './copied-file';
import { currentPolicy, readPolicyCopy } from './policy-files';
import { type BackedUpFile, modelOf, pathIn, type Snapshot } from './snapshot';

/** Something that a restore does: what is added was not there, what is replaced was another one. */
export interface Step {
  action: 'add' | 'replace';
  what: 'model' | 'version' | 'policy' | 'revisions' | 'file';
  model?: string;
  version?: number;
  /** Of a file, below the registry. */
  path?: string;
  files: BackedUpFile[];
}

export interface Plan {
  steps: Step[];
  /** What the registry has beside and keeps, for people. */
  kept: string[];
}

/** What is restored of a backup: all without these. */
export interface Scope {
  model?: string;
  version?: number;
  policiesOnly?: boolean;
}

const HISTORY = /^policy-history\/(\d{1,9})\.json$/;

/** The files of a backup that a restore is about. @throws Failure where it has none of them */
export function filesOf(snapshot: Snapshot, { model, version, policiesOnly }: Scope): BackedUpFile[] {
  const models = [...new Set(snapshot.files.map(modelOf).filter((name) => name !== undefined))];
  if (model !== undefined && !models.includes(model)) {
    throw new Failure(`the backup has no model "${model}"; it has: ${models.join(', ')}`);
  }
  const files = snapshot.files.filter(
    (file) =>
      (model === undefined || modelOf(file) === model) &&
      (version === undefined || file.path.startsWith(`${model}/${version}/`)) &&
      (!policiesOnly || isOfPolicy(file)),
  );
  if (files.length > 0) return files;
  const what = version === undefined ? 'policies' : `version ${version}${model === undefined ? '' : ` of ${model}`}`;
  const why = version !== undefined && snapshot.content === 'policies' ? '; it is one of policies alone' : '';
  throw new Failure(`the backup ${snapshot.folder} has no ${what}${why}`);
}

/**
 * What has to be done so that a registry has what is in `files`.
 * @param store undefined where there is no registry yet
 * @throws Failure where a policy could not be used; what Node throws
 */
export async function planRestore(
  store: FolderStore | undefined,
  snapshot: Snapshot,
  files: readonly BackedUpFile[],
  signal: AbortSignal,
): Promise<Plan> {
  const comparison = new Comparison(store, snapshot, signal);
  const models = groups(files, (file) => modelOf(file) ?? '');
  for (const [model, own] of models) if (model !== '') await comparison.model(model, own);
  for (const file of models.get('') ?? []) await comparison.file(file);
  return comparison.plan;
}

class Comparison {
  readonly plan: Plan = { steps: [], kept: [] };

  constructor(
    private readonly store: FolderStore | undefined,
    private readonly snapshot: Snapshot,
    private readonly signal: AbortSignal,
  ) {}

  async model(model: string, files: BackedUpFile[]): Promise<void> {
    const { store } = this;
    const versions = groups(files, (file) => versionOf(file) ?? 0);
    const numbers = [...versions.keys()].filter((version) => version !== 0).sort((a, b) => a - b);
    if (!store || !(await this.isThere({ path: model }))) {
      if (numbers.length === 0) {
        throw new Failure(
          `${model} is not in the registry, and a policy is of no use without versions; restore it whole`,
        );
      }
      this.plan.steps.push({ action: 'add', what: 'model', model, files });
      return;
    }
    for (const version of numbers) await this.version(model, version, versions.get(version)!);
    const others = versions.get(0) ?? [];
    for (const file of others) if (!isOfPolicy(file)) await this.file(file, model);
    const there = await store.listVersions(model);
    await this.policy(store, model, others.filter(isOfPolicy), [...there, ...numbers]);
    if (this.snapshot.content === 'policies' || numbers.length === 0) return;
    const have = new Set(this.snapshot.files.filter((file) => modelOf(file) === model).map(versionOf));
    const more = there.filter((version) => !have.has(version));
    if (more.length > 0) this.plan.kept.push(`${model} version ${more.join(', ')} is not in the backup, and stays`);
  }

  async file(file: BackedUpFile, model?: string): Promise<void> {
    if (await this.isSame(file)) return;
    const action = (await this.isThere(file)) ? 'replace' : 'add';
    this.plan.steps.push({ action, what: 'file', ...(model && { model }), path: file.path, files: [file] });
  }

  /** What has been added to a version since, such as a signature, makes it no other one. */
  private async version(model: string, version: number, files: BackedUpFile[]): Promise<void> {
    const step = { what: 'version', model, version, files } as const;
    if (!(await this.isThere({ path: `${model}/${version}` }))) {
      this.plan.steps.push({ action: 'add', ...step });
      return;
    }
    const runtime = files.find(({ path }) => path.endsWith(`${version}/runtime.json`));
    for (const file of files) {
      if (file === runtime || (await this.isSame(file))) continue;
      this.plan.steps.push({ action: 'replace', ...step });
      return;
    }
    if (runtime) await this.file(runtime, model);
  }

  private async policy(store: FolderStore, model: string, files: BackedUpFile[], versions: number[]): Promise<void> {
    const kept = await store.policyRevisions(model);
    const records = files.filter((file) => {
      const revision = revisionOf(file);
      return revision !== undefined && !kept.includes(revision);
    });
    const step = { what: 'policy' as const, model, files: records };
    const file = files.find(({ path }) => path === `${model}/policy.json`);
    if (file) {
      const wanted = await readPolicy(this.snapshot, file, versions);
      const current = await currentPolicy(store, model);
      if (current === undefined || !isSamePolicy(current, wanted)) {
        const action = current === undefined && !(await this.isThere(file)) ? 'add' : 'replace';
        this.plan.steps.push({ ...step, action, files: [file, ...records] });
        return;
      }
    }
    if (records.length > 0) this.plan.steps.push({ ...step, what: 'revisions', action: 'add' });
  }

  private async isSame(file: BackedUpFile): Promise<boolean> {
    if (!this.store || !(await this.isThere(file))) return false;
    const there = await readFileDigest(this.pathOf(file), this.signal).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EISDIR') return undefined;
      throw error;
    });
    return there?.sha256 === file.sha256;
  }

  private async isThere(file: { path: string }): Promise<boolean> {
    if (!this.store) return false;
    return access(this.pathOf(file)).then(
      () => true,
      () => false,
    );
  }

  private pathOf({ path }: { path: string }): string {
    return join(this.store!.location, path);
  }
}

/** @throws Failure */
export async function readPolicy(snapshot: Snapshot, file: BackedUpFile, versions: readonly number[]): Promise<Policy> {
  try {
    return await readPolicyCopy(pathIn(snapshot, file), [...new Set(versions)]);
  } catch (error) {
    if (!(error instanceof InvalidPolicyError)) throw error;
    throw new Failure(`${file.path} in the backup cannot be used here: ${error.message}`);
  }
}

/** Of a record of a policy. */
export function revisionOf(file: BackedUpFile): number | undefined {
  const [, revision] = HISTORY.exec(inModel(file)) ?? [];
  return revision === undefined ? undefined : Number(revision);
}

function versionOf(file: BackedUpFile): number | undefined {
  const [name, ...below] = inModel(file).split('/');
  return below.length > 0 && VERSION_NAME.test(name!) ? Number(name) : undefined;
}

function isOfPolicy(file: BackedUpFile): boolean {
  return modelOf(file) !== undefined && (inModel(file) === 'policy.json' || HISTORY.test(inModel(file)));
}

function inModel({ path }: BackedUpFile): string {
  return path.slice(path.indexOf('/') + 1);
}

function groups<Key>(files: readonly BackedUpFile[], keyOf: (file: BackedUpFile) => Key): Map<Key, BackedUpFile[]> {
  const found = new Map<Key, BackedUpFile[]>();
  for (const file of files) found.set(keyOf(file), [...(found.get(keyOf(file)) ?? []), file]);
  return found;
}
