import { EyrieError, harmless, resolvesWithin } from '#core';
import type { PredictorFactory } from '#inference';
import { Lane } from '../lane';
import { defaultPolicy, parsePolicy, routedVersions, type Policy } from '../policy/policy';
import { draftChange, draftRollback, type PolicyDraft, type PolicyEdit } from '../policy/policy-change';
import type { ModelStore } from '../stores/model-store';
import { ModelVersion } from '../versions/model-version';
import { readManifest } from '../versions/version-files';
import { findVersion, isFailed, isInUse, isOnItsWay, isReady, requireServing, type Model } from './model';
import type { RegistryObserver, RegistryOptions } from './registry-options';

export interface PolicyChange {
  before: Policy;
  after: Policy;
}

/** What all models of a registry share. */
export interface Surroundings {
  store: ModelStore;
  predictors: PredictorFactory;
  options: RegistryOptions;
  observer: RegistryObserver;
}

/**
 * Keeps one model in step with what the store holds of it. What is decided about it, be it by a look at the store, a change of
 * policy, a load or an unload, is decided in its lane, one after the other. What a decision has to wait for, a version
 * that loads or answers its last requests, is waited for outside of the lane and looked at again inside: so a change of policy
 * waits for the versions that it names itself, and for nothing else.
 */
export class ServedModel {
  private readonly lane = new Lane();
  private current: Model | undefined;
  private nextLook: Promise<ModelVersion[]> | undefined;
  private policyInEffect: string | undefined;
  /** Versions that a policy has named since the one in effect was read. */
  private readonly named = new Set<number>();
  /** Versions that nobody can ask any more and that still answer what they have been asked. */
  private readonly leaving = new Set<Promise<void>>();
  private lastProblem: string | undefined;
  private isGone = false;

  constructor(
    readonly name: string,
    /** It is one of those that the server starts with, if its versions are there at the first look. */
    private isThereAtStart: boolean,
    private readonly around: Surroundings,
  ) {}

  /** undefined until versions of it have been found: a folder without is no model. */
  get model(): Model | undefined {
    return this.current;
  }

  /** What cannot be used at present. */
  get problem(): string | undefined {
    return this.lastProblem;
  }

  /** Every version that requests can be routed to can answer, or will be loaded for the first that asks. */
  get isReady(): boolean {
    const model = this.current;
    return model !== undefined && routedVersions(model.policy).every((v) => this.canServe(model.versions.get(v)));
  }

  /**
   * Loads what is new in the store, lets the policy take effect once all that it names are READY, unloads what is gone. What is
   * in the way becomes `problem`.
   */
  async read(): Promise<void> {
    const tried = new Set<ModelVersion>();
    for (;;) {
      const missing = (await this.look()).filter((version) => !tried.has(version));
      if (missing.length === 0) return;
      for (const version of missing) tried.add(version);
      await Promise.all(missing.map((version) => version.load()));
    }
  }

  /**
   * Reads the store in turn and does all that can be done at once; who asks before that has begun shares it.
   * @returns what has to be loaded, or is being loaded, before the rest can be done
   */
  look(): Promise<ModelVersion[]> {
    this.nextLook ??= this.lane.run(() => {
      this.nextLook = undefined;
      return this.readStoreIfPossible();
    });
    return this.nextLook;
  }

  /** @throws as ModelRegistry.changePolicy */
  changePolicy(edit: PolicyEdit, expectedRevision?: number): Promise<PolicyChange> {
    return this.change(() => draftChange(this.around.store, this.name, edit, expectedRevision));
  }

  /** @throws as ModelRegistry.rollbackPolicy */
  rollbackPolicy(expectedRevision?: number, to?: number): Promise<PolicyChange> {
    return this.change(() => draftRollback(this.around.store, this.name, expectedRevision, to));
  }

  /** Loads a version and keeps it loaded. @throws EyrieError VERSION_NOT_FOUND; CONFLICT when it fails */
  async load(number: number): Promise<ModelVersion> {
    await this.look();
    const version = this.version(number);
    await version.load();
    requireServing([version]);
    version.onDemand = false;
    this.named.delete(number);
    return version;
  }

  /** Unloads a version. @throws EyrieError VERSION_NOT_FOUND; CONFLICT when the policy names it */
  async unload(number: number): Promise<ModelVersion> {
    const { version, unloaded } = await this.lane.run(() => {
      const found = this.version(number);
      if (routedVersions(this.required().policy).includes(number)) {
        throw new EyrieError(
          'CONFLICT',
          `the policy of ${this.name} names version ${number}; take it out of the policy first`,
        );
      }
      return { version: found, unloaded: found.unload(this.around.options.unloadGraceMs) };
    });
    await unloaded;
    return version;
  }

  /** Reads the store no more and unloads everything; a version that still loads is not waited for beyond `graceMs`. */
  async end(graceMs: number): Promise<void> {
    this.isGone = true;
    this.noProblem();
    const versions = [...(this.current?.versions.values() ?? [])];
    const unloaded = versions.map((version) => {
      const isLoading = version.state === 'LOADING';
      const done = version.unload(graceMs);
      return isLoading ? resolvesWithin(graceMs, done) : done;
    });
    await Promise.all([...unloaded, ...this.leaving]);
  }

  /** @throws EyrieError VERSION_NOT_FOUND */
  private version(number: number): ModelVersion {
    return findVersion(this.required(), number);
  }

  /** @throws EyrieError MODEL_NOT_FOUND when it has left the store meanwhile */
  private required(): Model {
    if (this.current && !this.isGone) return this.current;
    throw new EyrieError('MODEL_NOT_FOUND', `there is no model "${this.name}" any more`);
  }

  /**
   * All that the new policy names is loaded first, then it is written, then it is in effect. Another change may come while this one
   * waits for its versions, such as a rollback that needs none of them; it wins, and the store refuses this one.
   */
  private async change(draft: () => Promise<PolicyDraft>): Promise<PolicyChange> {
    const { drafted, missing } = await this.lane.run(async () => {
      // What was put there a moment ago must be known before a policy can name it.
      await this.readStoreIfPossible();
      const found = await draft();
      const unready = this.namedBy(found.record.policy).filter(({ state }) => state !== 'READY');
      if (unready.length === 0) await this.write(found);
      return { drafted: found, missing: unready };
    });
    if (missing.length > 0) {
      await Promise.all(missing.map((version) => version.load()));
      await this.lane.run(() => this.write(drafted));
    }
    return { before: drafted.before, after: drafted.record.policy };
  }

  /** @throws EyrieError CONFLICT when a version cannot serve, and what `ModelStore.writePolicy` throws */
  private async write({ before, record }: PolicyDraft): Promise<void> {
    requireServing(this.namedBy(record.policy));
    await this.around.store.writePolicy(this.name, record, before);
    await this.readStoreIfPossible();
  }

  private namedBy(policy: Policy): ModelVersion[] {
    return routedVersions(policy).map((number) => this.version(number));
  }

  private async readStoreIfPossible(): Promise<ModelVersion[]> {
    try {
      return await this.readStore();
    } catch (error) {
      if (!this.isGone) this.say((error as Error).message);
      return [];
    } finally {
      this.isThereAtStart = false;
    }
  }

  /** @returns as `look` */
  private async readStore(): Promise<ModelVersion[]> {
    if (this.isGone) return [];
    const { store, options } = this.around;
    const numbers = await store.listVersions(this.name);
    if (numbers.length === 0) {
      this.readEmpty();
      return [];
    }
    const stored = await store.readPolicy(this.name);
    const policy = stored === null ? defaultPolicy(numbers) : parsePolicy(stored, numbers);
    const versions = await this.readVersions(numbers);
    if (this.isGone) return [];
    this.current ??= { name: this.name, versions, policy, isEstablished: this.isThereAtStart };
    this.current.versions = versions;

    const routed = options.load === 'explicit' ? [] : routedVersions(policy);
    for (const number of routed) this.named.add(number);
    const wanted = (options.load === 'all' ? numbers : routed).map((number) => versions.get(number)!);
    for (const version of wanted) version.onDemand = false;
    const missing = wanted.filter(isOnItsWay);
    if (!missing.some(({ version }) => routed.includes(version))) this.putIntoEffect(policy, numbers, routed);
    return missing;
  }

  /** @param routed what the policy names, all of it READY or FAILED; nothing where nothing is loaded unless asked for */
  private putIntoEffect(policy: Policy, numbers: readonly number[], routed: readonly number[]): void {
    const model = this.required();
    const text = JSON.stringify(policy);
    const isNew = this.policyInEffect !== text;
    const canTakeEffect = (version?: ModelVersion): boolean => (isNew ? version?.isServing === true : isReady(version));
    const missing = routed.filter((number) => !canTakeEffect(model.versions.get(number)));
    if (missing.length > 0) {
      const reasons = missing.map((v) => `version ${v}: ${model.versions.get(v)?.reason ?? 'not loaded'}`);
      this.say(`the policy's revision ${policy.revision} is not in effect; ${reasons.join('; ')}`);
      return;
    }
    this.sayWhatIsWrongWithReady(model);
    if (isNew) {
      this.policyInEffect = text;
      model.policy = policy;
      this.around.observer.onPolicy?.(this.name, policy);
    }
    this.unloadUnnamed(model);
    this.establish();
    this.unloadGone(model, numbers);
  }

  /** A folder without versions is no model; but one that had some and lost them all has lost them by mistake. */
  private readEmpty(): void {
    if (!this.current) return this.noProblem();
    this.say(
      `${this.name} has no versions in the registry any more; what was loaded serves on, but the next start will be without ` +
        "it: put them back, or remove the model's folder, too, to stop serving it",
    );
  }

  /** All that are known, those that are gone from the store among them. */
  private async readVersions(numbers: readonly number[]): Promise<Map<number, ModelVersion>> {
    const known = this.current?.versions ?? new Map<number, ModelVersion>();
    const read = await Promise.all(
      numbers.map(async (number) => [number, await this.readVersion(number, known.get(number))] as const),
    );
    return new Map([...known, ...read].sort(([a], [b]) => a - b));
  }

  /** The same as before, unless it is new, or is not served and its files have changed. */
  private async readVersion(number: number, known: ModelVersion | undefined): Promise<ModelVersion> {
    if (known && isInUse(known)) return known;
    const { store, predictors, observer } = this.around;
    const fingerprint = await store.versionFingerprint(this.name, number);
    if (known?.fingerprint === fingerprint) return known;
    const folder = (): Promise<string> => store.versionFolder(this.name, number);
    const manifest = await readManifest(await folder(), this.name, number).catch(() => null);
    // A request may have had it loaded meanwhile.
    if (known && isInUse(known)) return known;
    const watching = observer.forVersion?.(this.name, number);
    const options = { predictors, observer: watching && harmless('predictor', watching) };
    return new ModelVersion(this.name, number, folder, manifest, fingerprint, options, (version) => {
      this.establish();
      observer.onState?.(version);
    });
  }

  private establish(): void {
    const model = this.current;
    if (model && routedVersions(model.policy).every((v) => isReady(model.versions.get(v)))) model.isEstablished = true;
  }

  private canServe(version: ModelVersion | undefined): boolean {
    if (version === undefined || isReady(version)) return version?.isServing === true;
    return this.around.options.onDemand === true && !isFailed(version);
  }

  /** Workers that are lost, answers that are doubtful. */
  private sayWhatIsWrongWithReady(model: Model): void {
    const reasons = [...model.versions.values()]
      .filter((version) => isReady(version) && version.reason !== undefined)
      .map(({ version, reason }) => `version ${version}: ${reason}`);
    if (reasons.length > 0) this.say(`${this.name} ${reasons.join('; ')}`);
    else this.noProblem();
  }

  /** A version that only earlier policies named has nothing to do any more, be it loaded or about to be. */
  private unloadUnnamed({ policy, versions }: Model): void {
    if (this.around.options.load !== 'routed') return;
    const routed = routedVersions(policy);
    for (const number of this.named) {
      if (routed.includes(number)) continue;
      this.named.delete(number);
      this.letGo(versions.get(number));
    }
  }

  private unloadGone(model: Model, numbers: readonly number[]): void {
    const gone = [...model.versions].filter(([number]) => !numbers.includes(number));
    if (gone.length === 0) return;
    model.versions = new Map([...model.versions].filter(([number]) => numbers.includes(number)));
    for (const [, version] of gone) this.letGo(version);
  }

  private letGo(version: ModelVersion | undefined): void {
    if (!version) return;
    const leaving = version.unload(this.around.options.unloadGraceMs).finally(() => this.leaving.delete(leaving));
    this.leaving.add(leaving);
  }

  // Polled every few seconds, a problem that stays is told once.
  private say(problem: string): void {
    if (this.lastProblem === problem) return;
    this.lastProblem = problem;
    this.around.observer.onProblem?.(this.name, problem);
  }

  private noProblem(): void {
    if (this.lastProblem === undefined) return;
    const problem = this.lastProblem;
    this.lastProblem = undefined;
    this.around.observer.onProblemGone?.(this.name, problem);
  }
}
