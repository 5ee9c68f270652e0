import { EyrieError, resolvesWithin } from '#core';
import { Lane } from '../lane';
import { routedVersions, type Policy } from '../policy/policy';
import { draftChange, draftRollback, type PolicyDraft, type PolicyEdit } from '../policy/policy-change';
import { isStorageFailure } from '../stores/storage-error';
import type { ModelVersion } from '../versions/model-version';
import { removeVersion } from '../versions/remove-version';
import { findVersion, isFailed, isOnItsWay, isReady, requireServing, type Model } from './model';
import { pinnedTo, StoredPolicy } from './stored-policy';
import { Strangers } from './strangers';
import type { Surroundings } from './surroundings';
import { VersionReader } from './version-reader';

export interface PolicyChange {
  before: Policy;
  after: Policy;
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
  /** Versions that somebody has asked to be loaded: a policy that does not name them any more leaves them alone. */
  private readonly kept = new Set<number>();
  /** Versions that nobody can ask any more and that still answer what they have been asked. */
  private readonly leaving = new Set<Promise<void>>();
  private lastProblem: string | undefined;
  private readonly strangers: Strangers;
  private readonly stored: StoredPolicy;
  private readonly reader: VersionReader;
  private isGone = false;
  /** The store gave no answer when it was last read. */
  isStorageAway = false;

  constructor(
    readonly name: string,
    /** It is one of those that the server starts with, if its versions are there at the first look. */
    private isThereAtStart: boolean,
    private readonly around: Surroundings,
  ) {
    this.strangers = new Strangers((sentence) => around.observer.onWarning?.(name, sentence));
    this.stored = new StoredPolicy(name, around);
    this.reader = new VersionReader(name, around, () => this.establish());
  }

  /** undefined until versions of it have been found: a folder without is no model. */
  get model(): Model | undefined {
    return this.current;
  }

  /** What cannot be used at present. */
  get problem(): string | undefined {
    return this.lastProblem;
  }

  /** What lies in its folder and is no version. */
  get passedOver(): string[] {
    return this.strangers.known;
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
      return this.readStoreIfPossible({ finish: true });
    });
    return this.nextLook;
  }

  /** @throws as ModelRegistry.changePolicy */
  changePolicy(edit: PolicyEdit, expectedRevision?: number, by?: string): Promise<PolicyChange> {
    return this.change(by, (basis) => draftChange(this.around.store, this.name, edit, { expectedRevision, ...basis }));
  }

  /** @throws as ModelRegistry.rollbackPolicy */
  rollbackPolicy(expectedRevision?: number, to?: number, by?: string): Promise<PolicyChange> {
    return this.change(by, (basis) => draftRollback(this.around.store, this.name, { expectedRevision, to, ...basis }));
  }

  /** Loads a version and keeps it loaded. @throws EyrieError VERSION_NOT_FOUND; CONFLICT when it fails */
  async load(number: number): Promise<ModelVersion> {
    await this.look();
    const version = this.version(number);
    await version.load();
    requireServing([version]);
    version.onDemand = false;
    this.kept.add(number);
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
      this.kept.delete(number);
      return { version: found, unloaded: found.unload(this.around.options.unloadGraceMs) };
    });
    await unloaded;
    return version;
  }

  /** Takes a version out of the store, for good. @throws as `removeVersion`, and EyrieError VERSION_NOT_FOUND */
  async removeVersion(number: number): Promise<void> {
    await this.lane.run(async () => {
      await removeVersion(this.around.store, this.name, number);
      await this.readStoreIfPossible();
    });
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
  private async change(
    by: string | undefined,
    draft: (basis: { unwritten?: Policy }) => Promise<PolicyDraft>,
  ): Promise<PolicyChange> {
    const { drafted, missing } = await this.lane.run(async () => {
      // What was put there a moment ago must be known before a policy can name it.
      await this.readStoreIfPossible();
      const found = await draft({ unwritten: this.pinned });
      found.record = { ...found.record, by, at: new Date().toISOString() };
      if (!found.isChange) return { drafted: found, missing: [] };
      const unready = this.namedBy(found.record.policy).filter(({ state }) => state !== 'READY');
      if (unready.length === 0) await this.write(found);
      return { drafted: found, missing: unready };
    });
    if (missing.length > 0) {
      await Promise.all(missing.map((version) => version.load()));
      await this.lane.run(() => this.write(drafted));
    }
    const { before, record, isChange } = drafted;
    return { before, after: isChange ? record.policy : before };
  }

  /** @throws EyrieError CONFLICT when a version cannot serve, and what `ModelStore.writePolicy` throws */
  private async write({ before, record }: PolicyDraft): Promise<void> {
    try {
      requireServing(this.namedBy(record.policy));
    } catch (error) {
      // A faster change may have called the versions back that this one needs.
      if ((await this.around.store.latestRevision(this.name)) >= record.policy.revision) throw overtaken();
      throw error;
    }
    await this.around.store.writePolicy(this.name, record, before);
    await this.readStoreIfPossible();
  }

  private namedBy(policy: Policy): ModelVersion[] {
    return routedVersions(policy).map((number) => this.version(number));
  }

  /** @param finish what others have begun to change and are gone; a change that is refused must not do that beside */
  private async readStoreIfPossible({ finish } = { finish: false }): Promise<ModelVersion[]> {
    try {
      const missing = await this.readStore(finish);
      this.isStorageAway = false;
      return missing;
    } catch (error) {
      this.isStorageAway = isStorageFailure(error);
      if (!this.isGone) this.say((error as Error).message);
      return [];
    } finally {
      this.isThereAtStart = false;
    }
  }

  /** @returns as `look` */
  private async readStore(finish: boolean): Promise<ModelVersion[]> {
    if (this.isGone) return [];
    const { store, options } = this.around;
    const passedOver = new Set<string>();
    const numbers = await store.listVersions(this.name, (sentence) => passedOver.add(sentence));
    if (numbers.length === 0) {
      passedOver.add(`${this.name} has no versions, such as ${this.name}/1 with a model.json, and is no model without`);
    }
    this.strangers.are(passedOver);
    if (numbers.length === 0) {
      this.readEmpty();
      return [];
    }
    const policy = await this.stored.read(numbers, {
      mayWrite: finish,
      pinned: this.pinned,
      servable: () => this.reader.servable(numbers, this.known),
    });
    const by = this.policyInEffect === JSON.stringify(policy) ? undefined : await this.stored.authorOf(policy);
    const versions = await this.reader.read(numbers, this.known);
    if (this.isGone) return [];
    this.current ??= { name: this.name, versions, policy, isEstablished: this.isThereAtStart };
    this.current.versions = versions;

    const routed = options.load === 'explicit' ? [] : routedVersions(policy);
    for (const number of routed) this.named.add(number);
    const wanted = (options.load === 'all' ? numbers : routed).map((number) => versions.get(number)!);
    for (const version of wanted) version.onDemand = false;
    const missing = wanted.filter(isOnItsWay);
    if (!missing.some(({ version }) => routed.includes(version))) this.putIntoEffect(policy, by, numbers, routed);
    return missing;
  }

  private get known(): ReadonlyMap<number, ModelVersion> {
    return this.current?.versions ?? new Map<number, ModelVersion>();
  }

  /** See StoredPolicy. */
  private get pinned(): Policy | undefined {
    return this.policyInEffect === undefined ? undefined : pinnedTo(this.required().policy);
  }

  /** @param routed what the policy names, all of it READY or FAILED; nothing where nothing is loaded unless asked for */
  private putIntoEffect(
    policy: Policy,
    by: string | undefined,
    numbers: readonly number[],
    routed: readonly number[],
  ): void {
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
      this.around.observer.onPolicy?.(this.name, policy, by);
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
      if (!this.kept.has(number)) this.letGo(versions.get(number));
    }
  }

  private unloadGone(model: Model, numbers: readonly number[]): void {
    const gone = [...model.versions].filter(([number]) => !numbers.includes(number));
    if (gone.length === 0) return;
    model.versions = new Map([...model.versions].filter(([number]) => numbers.includes(number)));
    for (const [number, version] of gone) {
      this.kept.delete(number);
      this.letGo(version);
    }
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

function overtaken(): EyrieError {
  return new EyrieError('PRECONDITION_FAILED', 'the policy has been changed meanwhile; read it again, then change it');
}
