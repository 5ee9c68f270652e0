import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FolderStore, InvalidPolicyError, parseManifest, routedVersions, VERSION_NAME } from '#registry';
import { utf8Text } from '#validation';
import { Failure } from '../failure';
import { currentPolicy, readPolicyCopy } from './policy-files';
import { filesIn } from './registry-files';
import type { BackedUpFile, Content } from './snapshot';
import type { SnapshotWriter } from './snapshot-writer';

export interface BackedUpModel {
  model: string;
  /** Null where there is no policy that can be read. */
  revision: number | null;
  versions: number[];
}

/** How often a model is read anew that changes while it is read: a change of a policy takes milliseconds. */
const TRIES = 40;
const PAUSE_MS = 25;

/** It has changed in a way that what has been read does not fit together. */
class ChangedMeanwhile extends Error {}

/**
 * Backs up one model as it is at one moment: a policy, the revisions before it, and the versions that it names. What serves from the
 * registry or changes it need not stop for that. Versions never change, each revision is a file that never changes either, and
 * policy.json is replaced in one step; so all is well as long as they are read in this order.
 * @param warn told of what is backed up though a server could not use it
 * @returns undefined where the model has gone meanwhile, or has nothing to keep
 */
export async function backUpModel(
  store: FolderStore,
  writer: SnapshotWriter,
  model: string,
  content: Content,
  warn: (sentence: string) => void,
): Promise<BackedUpModel | undefined> {
  for (let tries = 1; ; tries++) {
    const warnings: string[] = [];
    const reading = new Reading(store, writer, model, (sentence) => warnings.push(sentence), tries === TRIES);
    try {
      const found = await reading.read(content);
      warnings.forEach(warn);
      return found;
    } catch (error) {
      const isGone = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (!isGone && !(error instanceof ChangedMeanwhile)) throw error;
      await writer.forget(model);
      if (!(await store.listModels()).includes(model)) return undefined;
      if (tries === TRIES) throw new Failure(`no backup was made: ${model} changes faster than it can be read`);
      await sleep(PAUSE_MS);
    }
  }
}

class Reading {
  constructor(
    private readonly store: FolderStore,
    private readonly writer: SnapshotWriter,
    private readonly model: string,
    private readonly warn: (sentence: string) => void,
    private readonly isLastTry: boolean,
  ) {}

  async read(content: Content): Promise<BackedUpModel | undefined> {
    const { model, store, writer } = this;
    const before = await store.policyRevisions(model);
    const [file] = await this.add((path) => path === `${model}/policy.json`);
    const policy = file && (await this.parse(file));
    const revision = policy?.revision ?? Infinity;
    // A revision above the one in force is one that is just being made, or policy.json has been set back by hand.
    if (policy && Math.max(0, ...before) > revision && !this.isLastTry) throw new ChangedMeanwhile();
    const named = policy ? routedVersions(policy) : [];
    const files = content === 'policies' ? [] : await this.addOthers(named);
    const versions = versionsOf(files);
    if (content === 'all') await this.checkNamed(named, versions);
    for (const version of versions) await this.checkVersion(version, files);
    // They are never removed, so they come last.
    await this.addRevisions((number) => number <= revision || before.includes(number));
    return writer.models.has(model) ? { model, revision: policy?.revision ?? null, versions } : undefined;
  }

  private async addRevisions(isWanted: (revision: number) => boolean): Promise<void> {
    const folder = `${this.model}/policy-history`;
    const kept = (await this.store.policyRevisions(this.model)).filter(isWanted);
    const names = new Set(kept.map((number) => `${folder}/${number}.json`));
    await this.add(
      (path) => path === folder,
      (path) => names.has(path),
    );
  }

  private async parse(file: BackedUpFile) {
    try {
      return await readPolicyCopy(this.writer.pathOf(file), undefined);
    } catch (error) {
      if (!(error instanceof InvalidPolicyError)) throw error;
      this.warn(`${file.path} is backed up as it is, and cannot be used: ${error.message}`);
      return undefined;
    }
  }

  private async checkVersion(version: number, files: readonly BackedUpFile[]): Promise<void> {
    const folder = `${this.model}/${version}`;
    const find = (name: string) => files.find(({ path }) => path === `${folder}/${name}`);
    const complain = (why: string): void => this.warn(`${folder} is backed up as it is, and cannot be served: ${why}`);
    const manifest = find('model.json');
    if (!manifest) return complain('it has no model.json');
    try {
      const text = utf8Text(await readFile(this.writer.pathOf(manifest)), 'model.json');
      const { artifact } = parseManifest(text, { name: this.model, version });
      const file = find(artifact.file);
      if (!file) complain(`${artifact.file} is missing`);
      else if (file.sha256 !== artifact.sha256) {
        complain(`${artifact.file} is not what model.json says: its SHA-256 is ${file.sha256}`);
      }
    } catch (error) {
      complain((error as Error).message);
    }
  }

  /** @throws ChangedMeanwhile where the policy has let go of a version that has then been removed */
  private async checkNamed(named: readonly number[], versions: readonly number[]): Promise<void> {
    const missing = named.filter((version) => !versions.includes(version));
    if (missing.length === 0) return;
    if (!(await this.isNamedStill(missing))) throw new ChangedMeanwhile();
    this.warn(`the policy of ${this.model} names version ${missing.join(', ')}, which is not there`);
  }

  private async isNamedStill(missing: readonly number[]): Promise<boolean> {
    const policy = await currentPolicy(this.store, this.model);
    const named = policy ? routedVersions(policy) : [];
    return missing.every((version) => named.includes(version));
  }

  /** Those first that the policy names: they may be the next to go. */
  private async addOthers(named: readonly number[]): Promise<BackedUpFile[]> {
    const { model, store, writer } = this;
    const isPolicy = (name: string): boolean => name === 'policy.json' || name === 'policy-history';
    const names = (await readdir(join(store.location, model))).filter((name) => !isPolicy(name));
    const isNamed = (name: string): boolean => named.includes(Number(name));
    const added: BackedUpFile[] = [];
    for (const name of names.sort((a, b) => Number(isNamed(b)) - Number(isNamed(a)))) {
      const path = `${model}/${name}`;
      try {
        added.push(...(await this.add((entry) => entry === path)));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || existsSync(join(store.location, path))) throw error;
        // It has been removed, and belongs to the backup no more than if it had been before.
        await writer.forget(path);
      }
    }
    return added;
  }

  /** Adds what lies in the model's folder and is wanted, by the path of the entry, and by that of each file. */
  private async add(
    isEntry: (path: string) => boolean,
    isFile: (path: string) => boolean = () => true,
  ): Promise<BackedUpFile[]> {
    const found = await filesIn(this.store.location, this.model, this.warn, isEntry);
    const added: BackedUpFile[] = [];
    for (const file of found) if (isFile(file.path)) added.push(await this.writer.add(file));
    return added;
  }
}

function versionsOf(files: readonly BackedUpFile[]): number[] {
  const names = new Set(
    files.map(({ path }) => path.split('/')).flatMap(([, name, ...below]) => (below.length > 0 ? [name!] : [])),
  );
  return [...names]
    .filter((name) => VERSION_NAME.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}
