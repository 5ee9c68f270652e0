import { EyrieError } from '#core';
import { type PredictorFactory, type PredictorObserver } from '#inference';
import { DefaultModel } from './default-model';
import { draftChange, draftRollback, type PolicyDraft, type PolicyEdit } from '../policy/policy-change';
import { defaultPolicy, parsePolicy, routedVersions, type Policy } from '../policy/policy';
import { RegistryUnreadableError, type ModelStore } from '../stores/model-store';
import { ModelVersion } from '../versions/model-version';
import { readManifest } from '../versions/version-files';

/** Which versions are loaded when the registry is read: those a policy names, all, or none until asked. */
export type LoadMode = 'routed' | 'all' | 'explicit';

export interface RegistryOptions {
  load: LoadMode;
  /** A request for a version that is not loaded waits for it, so that a registry is ready without it. */
  onDemand?: boolean;
  /** What all loaded versions may use together before one that was loaded on demand has to go, bytes; 0: no limit. */
  memoryBytes?: number;
  /** How long a version that is unloaded may take for what it has been asked. */
  unloadGraceMs: number;
  /** The model of requests that name none; without it, see DefaultModel. */
  defaultModel?: string;
}

/** Is told what happens, for logs and metrics. */
export interface RegistryObserver {
  onState?: (version: ModelVersion) => void;
  onPolicy?: (model: string, policy: Policy) => void;
  /** Something in the registry cannot be used; what served before serves on. */
  onProblem?: (model: string, problem: string) => void;
  /** What `onProblem` told of last is over. */
  onProblemGone?: (model: string, problem: string) => void;
  /** Nothing fails, but somebody should know. */
  onWarning?: (model: string, warning: string) => void;
  forVersion?: (model: string, version: number) => PredictorObserver;
}

/** A model as it serves now. */
export interface Model {
  name: string;
  /** By number. */
  versions: Map<number, ModelVersion>;
  /** The policy in effect: all that it names are READY, or were when it took effect. */
  policy: Policy;
  /**
   * The server is not ready without it: it was there at the start, or all that its policy names have been READY since.
   * Others have been added, and nobody relies on them yet.
   */
  isEstablished: boolean;
}

/** Keeps what is served in step with what the store holds. */
export class ModelRegistry {
  private readonly models = new Map<string, Model>();
  private refreshing: Promise<void> = Promise.resolve();
  private readonly lastProblems = new Map<string, string>();
  private pollTimer: NodeJS.Timeout | undefined;
  private hasBeenRead = false;
  private readonly default: DefaultModel;
  /** Versions that nobody can ask any more and that still answer what they have been asked. */
  private readonly leaving = new Set<Promise<void>>();

  constructor(
    private readonly store: ModelStore,
    private readonly predictors: PredictorFactory,
    private readonly options: RegistryOptions,
    private readonly observer: RegistryObserver = {},
  ) {
    this.default = new DefaultModel(options.defaultModel);
  }

  get location(): string {
    return this.store.location;
  }

  list(): Model[] {
    return [...this.models.values()].sort((a, b) => a.name.localeCompare(b.name));
  }

  /** The model of requests that name none; undefined while there is none at all. */
  get defaultModel(): string | undefined {
    return this.default.name ?? this.list()[0]?.name;
  }

  /** @throws EyrieError MODEL_NOT_FOUND; MODEL_NOT_READY while the store is read for the first time */
  model(name: string): Model {
    const model = this.models.get(name);
    if (model) return model;
    // A client, or a proxy with another server to ask, must not take a server that starts for one without the model.
    if (!this.hasBeenRead) {
      throw new EyrieError('MODEL_NOT_READY', 'the server starts; its models are not known yet', {
        retryAfterSeconds: 2,
      });
    }
    const names = this.list().map((known) => known.name);
    const have = names.length > 0 ? `there are: ${names.slice(0, 20).join(', ')}` : 'the registry is empty';
    throw new EyrieError('MODEL_NOT_FOUND', `there is no model "${name}"; ${have}`);
  }

  /** @throws EyrieError VERSION_NOT_FOUND */
  version(model: Model, version: number): ModelVersion {
    const found = model.versions.get(version);
    if (found) return found;
    const have = [...model.versions.keys()].slice(-20).join(', ');
    throw new EyrieError('VERSION_NOT_FOUND', `${model.name} has no version ${version}; there are: ${have}`);
  }

  /** What cannot be used at present, by model; the empty name stands for the registry as a whole. */
  get problems(): ReadonlyMap<string, string> {
    return this.lastProblems;
  }

  /** Every version of an established model that requests can be routed to can answer, or will be loaded for the first. */
  get isReady(): boolean {
    const established = this.established();
    return (
      established.length > 0 &&
      established.every(({ policy, versions }) => routedVersions(policy).every((v) => this.canServe(versions.get(v))))
    );
  }

  /**
   * Reads the store and makes it so; several calls at once become one after the other.
   * @throws RegistryUnreadableError, also when all models are gone at once: what was loaded serves on then
   */
  refresh(): Promise<void> {
    const next = this.refreshing.then(() => this.readStore());
    this.refreshing = next.catch(() => undefined);
    return next;
  }

  /**
   * Changes a model's policy: all that the new one names is loaded first, then it is written, then it is in effect.
   * @throws EyrieError CONFLICT when a version that it names cannot be served: nothing is changed then; and what
   *   `draftChange` and `ModelStore.writePolicy` throw
   */
  changePolicy(name: string, edit: PolicyEdit, expectedRevision?: number): Promise<{ before: Policy; after: Policy }> {
    this.model(name);
    return this.commit(name, () => draftChange(this.store, name, edit, expectedRevision));
  }

  /**
   * Brings the policy of revision `to` back as a new revision; without it, the one before that `draftRollback` finds.
   * @throws as `changePolicy`
   */
  rollbackPolicy(name: string, expectedRevision?: number, to?: number): Promise<{ before: Policy; after: Policy }> {
    this.model(name);
    return this.commit(name, () => draftRollback(this.store, name, expectedRevision, to));
  }

  /** Loads a version and keeps it loaded. @throws EyrieError CONFLICT when it fails */
  async load(name: string, number: number): Promise<ModelVersion> {
    await this.refresh();
    const model = this.model(name);
    const version = this.version(model, number);
    await this.requireReady(model, [number]);
    version.onDemand = false;
    return version;
  }

  /** Unloads a version that the policy does not name. @throws EyrieError CONFLICT when it does */
  async unload(name: string, number: number): Promise<ModelVersion> {
    const model = this.model(name);
    const version = this.version(model, number);
    if (routedVersions(model.policy).includes(number)) {
      throw new EyrieError(
        'CONFLICT',
        `the policy of ${name} names version ${number}; take it out of the policy first`,
      );
    }
    await version.unload(this.options.unloadGraceMs);
    return version;
  }

  /** Refreshes for ever, `seconds` after the end of the refresh before. */
  poll(seconds: number): void {
    this.pollTimer = setTimeout(() => {
      this.refresh()
        .catch((error: Error) => this.problem('', error.message))
        .finally(() => this.pollTimer && this.poll(seconds));
    }, seconds * 1000);
    this.pollTimer.unref();
  }

  /** Unloads everything. */
  async stop(graceMs: number): Promise<void> {
    clearTimeout(this.pollTimer);
    this.pollTimer = undefined;
    const versions = this.list().flatMap((model) => [...model.versions.values()]);
    await Promise.all([...versions.map((version) => version.unload(graceMs)), ...this.leaving]);
  }

  private async commit(name: string, draft: () => Promise<PolicyDraft>): Promise<{ before: Policy; after: Policy }> {
    // What was put there a moment ago must be known before a policy can name it.
    await this.refresh();
    const { before, record } = await draft();
    await this.requireReady(this.model(name), routedVersions(record.policy));
    await this.store.writePolicy(name, record, before);
    await this.refresh();
    return { before, after: record.policy };
  }

  private async requireReady(model: Model, numbers: readonly number[]): Promise<void> {
    const versions = numbers.map((number) => this.version(model, number));
    await Promise.all(versions.map((version) => version.load()));
    const failed = versions.filter(({ isServing }) => !isServing);
    if (failed.length === 0) return;
    const reasons = failed.map(({ version, reason }) => `version ${version}: ${reason ?? 'it is being unloaded'}`);
    throw new EyrieError('CONFLICT', `${model.name} cannot serve what is asked for; ${reasons.join('; ')}`);
  }

  private async readStore(): Promise<void> {
    const names = await this.store.listModels();
    if (names.length === 0 && this.models.size > 0) {
      throw new RegistryUnreadableError(
        `the model registry ${this.location} is empty all of a sudden; what was loaded serves on, but the next start will ` +
          'fail: see whether a volume is missing, or stop the server',
      );
    }
    for (const name of this.lastProblems.keys()) if (!names.includes(name)) this.problemGone(name);
    await Promise.all(
      names.map((name) => this.readModel(name).catch((error: Error) => this.problem(name, error.message))),
    );
    for (const [name, model] of this.models) {
      if (names.includes(name)) continue;
      this.models.delete(name);
      for (const version of model.versions.values()) this.letGo(version);
    }
    this.hasBeenRead = true;
    const news = this.default.update(this.established().map(({ name }) => name));
    if (news) this.observer.onWarning?.(news.model, news.warning);
  }

  /** Loads what is new, lets the stored policy take effect once all that it names are READY, unloads what is gone. */
  private async readModel(name: string): Promise<void> {
    const numbers = await this.store.listVersions(name);
    if (numbers.length === 0) return this.readEmpty(name);
    const stored = await this.store.readPolicy(name);
    const policy = stored === null ? defaultPolicy(numbers) : parsePolicy(stored, numbers);

    const versions = this.models.get(name)?.versions ?? new Map<number, ModelVersion>();
    await Promise.all(numbers.map((number) => this.readVersion(name, number, versions)));
    const current = this.models.get(name)?.policy;
    const isEstablished = this.models.get(name)?.isEstablished ?? !this.hasBeenRead;
    this.models.set(name, { name, versions: sorted(versions), policy: current ?? policy, isEstablished });

    const wanted = this.wanted(policy, numbers);
    await Promise.all(
      wanted
        .map((v) => versions.get(v)!)
        .filter(isUnloaded)
        .map((version) => version.load()),
    );
    const isNew = JSON.stringify(current) !== JSON.stringify(policy);
    const canTakeEffect = (version?: ModelVersion): boolean => (isNew ? version?.isServing === true : isReady(version));
    const missing =
      this.options.load === 'explicit' ? [] : routedVersions(policy).filter((v) => !canTakeEffect(versions.get(v)));
    if (missing.length > 0) {
      const reasons = missing.map((v) => `version ${v}: ${versions.get(v)?.reason ?? 'not loaded'}`);
      this.problem(name, `the policy's revision ${policy.revision} is not in effect; ${reasons.join('; ')}`);
      return;
    }
    this.tellOfLostWorkers(name, versions);
    for (const number of wanted) versions.get(number)!.onDemand = false;
    if (isNew) {
      this.models.get(name)!.policy = policy;
      this.observer.onPolicy?.(name, policy);
      this.unloadUnnamed(this.models.get(name)!, current);
    }
    this.establish(name);
    this.unloadGone(this.models.get(name)!, numbers);
  }

  private established(): Model[] {
    return this.list().filter(({ isEstablished }) => isEstablished);
  }

  private establish(name: string): void {
    const model = this.models.get(name);
    if (model && routedVersions(model.policy).every((v) => isReady(model.versions.get(v)))) model.isEstablished = true;
  }

  private tellOfLostWorkers(name: string, versions: Map<number, ModelVersion>): void {
    const reasons = [...versions.values()]
      .filter((version) => isReady(version) && version.reason !== undefined)
      .map(({ version, reason }) => `version ${version}: ${reason}`);
    if (reasons.length > 0) this.problem(name, `${name} ${reasons.join('; ')}`);
    else this.problemGone(name);
  }

  /** A folder without versions is no model; but one that had some and lost them all has lost them by mistake. */
  private readEmpty(name: string): void {
    if (!this.models.has(name)) return this.problemGone(name);
    this.problem(
      name,
      `${name} has no versions in the registry any more; what was loaded serves on, but the next start will be without ` +
        "it: put them back, or remove the model's folder, too, to stop serving it",
    );
  }

  /** Adds the version if it is new, or if it is not served and its files have changed. */
  private async readVersion(model: string, number: number, versions: Map<number, ModelVersion>): Promise<void> {
    const known = versions.get(number);
    if (known && !isFailed(known) && !isUnloaded(known)) return;
    const fingerprint = await this.store.versionFingerprint(model, number);
    if (known?.fingerprint === fingerprint) return;
    const folder = (): Promise<string> => this.store.versionFolder(model, number);
    const manifest = await readManifest(await folder(), model, number).catch(() => null);
    const options = { predictors: this.predictors, observer: this.observer.forVersion?.(model, number) };
    const onState = (version: ModelVersion): void => {
      this.establish(model);
      this.observer.onState?.(version);
    };
    versions.set(number, new ModelVersion(model, number, folder, manifest, fingerprint, options, onState));
  }

  private canServe(version: ModelVersion | undefined): boolean {
    if (version === undefined || isReady(version)) return version?.isServing === true;
    return this.options.onDemand === true && !isFailed(version);
  }

  private wanted(policy: Policy, numbers: readonly number[]): number[] {
    switch (this.options.load) {
      case 'routed':
        return routedVersions(policy);
      case 'all':
        return [...numbers];
      case 'explicit':
        return [];
    }
  }

  /** A version that only the policy before named has nothing to do any more. */
  private unloadUnnamed(model: Model, before: Policy | undefined): void {
    if (!before || this.options.load !== 'routed') return;
    const named = routedVersions(model.policy);
    for (const number of routedVersions(before).filter((n) => !named.includes(n))) {
      this.letGo(model.versions.get(number));
    }
  }

  private unloadGone(model: Model, numbers: readonly number[]): void {
    for (const [number, version] of model.versions) {
      if (numbers.includes(number)) continue;
      model.versions.delete(number);
      this.letGo(version);
    }
  }

  private letGo(version: ModelVersion | undefined): void {
    if (!version) return;
    const leaving = version.unload(this.options.unloadGraceMs).finally(() => this.leaving.delete(leaving));
    this.leaving.add(leaving);
  }

  // Polled every few seconds, a problem that stays is told once.
  private problem(model: string, problem: string): void {
    if (this.lastProblems.get(model) === problem) return;
    this.lastProblems.set(model, problem);
    this.observer.onProblem?.(model, problem);
  }

  private problemGone(model: string): void {
    const problem = this.lastProblems.get(model);
    if (problem === undefined) return;
    this.lastProblems.delete(model);
    this.observer.onProblemGone?.(model, problem);
  }
}

function sorted(versions: Map<number, ModelVersion>): Map<number, ModelVersion> {
  return new Map([...versions].sort(([a], [b]) => a - b));
}

function isUnloaded({ state }: ModelVersion): boolean {
  return state === 'UNLOADED';
}

function isFailed({ state }: ModelVersion): boolean {
  return state === 'FAILED';
}

function isReady(version: ModelVersion | undefined): boolean {
  return version?.state === 'READY';
}
