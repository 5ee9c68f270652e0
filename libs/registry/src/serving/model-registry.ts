import { EyrieError, harmless } from '#core';
import type { PredictorFactory } from '#inference';
import { Lane } from '../lane';
import type { PolicyEdit } from '../policy/policy-change';
import { policyHistory, type PolicyRevision } from '../policy/policy-history';
import { RegistryUnreadableError, type ModelStore } from '../stores/model-store';
import { isStorageFailure } from '../stores/storage-error';
import type { ModelVersion } from '../versions/model-version';
import { removeModel } from '../versions/remove-version';
import { DefaultModel } from './default-model';
import { findVersion, type Model } from './model';
import type { RegistryObserver, RegistryOptions } from './registry-options';
import { Strangers } from './strangers';
import { ServedModel, type PolicyChange } from './served-model';
import type { Surroundings } from './surroundings';

/** The models that are served. Each is kept in step with the store by itself: they do not wait for each other. */
export class ModelRegistry {
  private readonly served = new Map<string, ServedModel>();
  private readonly ending = new Set<Promise<void>>();
  private readonly listing = new Lane();
  private readonly around: Surroundings;
  private readonly default: DefaultModel;
  private pollTimer: NodeJS.Timeout | undefined;
  private namedDefault: string | undefined;
  private hasBeenListed = false;
  private hasBeenRead = false;
  /** Why the store as a whole could not be read when that was last tried. */
  private problem: string | undefined;
  private isAway = false;
  private readonly strangers: Strangers;

  constructor(
    private readonly store: ModelStore,
    predictors: PredictorFactory,
    options: RegistryOptions,
    observer: RegistryObserver = {},
  ) {
    this.around = { store, predictors, options, observer: harmless('registry', observer) };
    this.default = new DefaultModel(options.defaultModel);
    this.strangers = new Strangers((sentence) => this.around.observer.onWarning?.('', sentence));
  }

  get location(): string {
    return this.store.location;
  }

  /** By name. */
  list(): Model[] {
    return this.sorted()
      .map(({ model }) => model)
      .filter((model) => model !== undefined);
  }

  /** The model of requests that name none; undefined while there is none at all. */
  get defaultModel(): string | undefined {
    return this.default.name ?? this.firstListed();
  }

  /** @throws EyrieError MODEL_NOT_FOUND; MODEL_NOT_READY while the store is read for the first time */
  model(name: string): Model {
    return this.find(name).model;
  }

  /** @throws EyrieError VERSION_NOT_FOUND */
  version(model: Model, version: number): ModelVersion {
    return findVersion(model, version);
  }

  /** What cannot be used at present, by model; the empty name stands for the registry as a whole. */
  get problems(): ReadonlyMap<string, string> {
    const all = new Map<string, string>();
    if (this.problem !== undefined) all.set('', this.problem);
    for (const { name, problem } of this.sorted()) if (problem !== undefined) all.set(name, problem);
    return all;
  }

  /** What lies in the registry and is neither a model nor a version, in sentences that say what would be one. */
  get passedOver(): string[] {
    return [...this.strangers.known, ...this.sorted().flatMap(({ passedOver }) => passedOver)];
  }

  /** Every established model can answer. */
  get isReady(): boolean {
    const established = this.sorted().filter(({ model }) => model?.isEstablished);
    return established.length > 0 && established.every(({ isReady }) => isReady);
  }

  /** The last look at the store, or at a model in it, got no answer. */
  get isStorageAway(): boolean {
    return this.isAway || this.sorted().some(({ isStorageAway }) => isStorageAway);
  }

  /**
   * Reads the store and makes it so. Resolves when every model is as the store says, or cannot be: see `problems`.
   * @throws RegistryUnreadableError, also when all models are gone at once: what was loaded serves on then
   */
  async refresh(): Promise<void> {
    await Promise.all(await this.beginToRead());
    this.hasBeenRead = true;
    this.chooseDefault();
  }

  /**
   * The model as the store has it now, even if it was put there a moment ago. What it has to load is not waited for.
   * @throws EyrieError MODEL_NOT_FOUND; RegistryUnreadableError
   */
  async look(name: string): Promise<Model> {
    if (!this.served.get(name)?.model) await this.listing.run(() => this.listModels());
    await this.served.get(name)?.look();
    return this.model(name);
  }

  /**
   * Changes a model's policy: all that the new one names is loaded first, then it is written, then it is in effect. It waits for no
   * other model.
   * @param by who wants it, for the history and the events
   * @throws EyrieError CONFLICT when a version that it names cannot be served, PRECONDITION_FAILED when another change of
   *   the model was faster: nothing is changed then; and what `draftChange` and `ModelStore.writePolicy` throw
   */
  async changePolicy(name: string, edit: PolicyEdit, expectedRevision?: number, by?: string): Promise<PolicyChange> {
    return this.find(name).served.changePolicy(edit, expectedRevision, by);
  }

  /**
   * Brings the policy of revision `to` back as a new revision; without it, the one before that `draftRollback` finds.
   * @throws as `changePolicy`
   */
  async rollbackPolicy(name: string, expectedRevision?: number, to?: number, by?: string): Promise<PolicyChange> {
    return this.find(name).served.rollbackPolicy(expectedRevision, to, by);
  }

  /** What its policy was, newest first. @throws EyrieError MODEL_NOT_FOUND */
  async policyHistory(name: string): Promise<PolicyRevision[]> {
    this.find(name);
    return policyHistory(this.store, name);
  }

  /** Loads a version and keeps it loaded. @throws EyrieError CONFLICT when it fails */
  async load(name: string, number: number): Promise<ModelVersion> {
    return this.find(name).served.load(number);
  }

  /** Unloads a version that the policy does not name. @throws EyrieError CONFLICT when it does */
  async unload(name: string, number: number): Promise<ModelVersion> {
    return this.find(name).served.unload(number);
  }

  /**
   * Takes a version out of the store, for good; what it has been asked is answered first.
   * @throws EyrieError VERSION_NOT_FOUND; CONFLICT when the policy names it or it is the model's last; REGISTRY_READ_ONLY
   */
  async removeVersion(name: string, number: number): Promise<void> {
    await this.find(name).served.removeVersion(number);
  }

  /**
   * Takes a model out of the store, for good, with all its versions and its policy.
   * @throws EyrieError CONFLICT when it is the last one: a store without models is taken for one that has been lost;
   *   REGISTRY_READ_ONLY
   */
  async removeModel(name: string): Promise<void> {
    this.find(name);
    await this.listing.run(async () => {
      if ((await this.store.listModels()).every((other) => other === name)) {
        throw new EyrieError('CONFLICT', `${name} is the last model here, and a server without any serves nobody`);
      }
      await removeModel(this.store, name);
      await this.listModels();
    });
  }

  /** Reads the store for ever, `seconds` after its models were last listed. A model that loads holds up no other. */
  poll(seconds: number): void {
    this.pollTimer = setTimeout(() => {
      this.beginToRead()
        .catch((error: Error) => this.say(error.message))
        .finally(() => this.pollTimer && this.poll(seconds));
    }, seconds * 1000);
    this.pollTimer.unref();
  }

  /** Unloads everything. */
  async stop(graceMs: number): Promise<void> {
    clearTimeout(this.pollTimer);
    this.pollTimer = undefined;
    await Promise.all([...[...this.served.values()].map((served) => served.end(graceMs)), ...this.ending]);
    this.store.close();
  }

  /** While the store is read for the first time. */
  private firstListed(): string | undefined {
    const names = this.list().map(({ name }) => name);
    return names.find((name) => name === this.namedDefault) ?? names[0];
  }

  private sorted(): ServedModel[] {
    return [...this.served.values()].sort((a, b) => a.name.localeCompare(b.name));
  }

  private find(name: string): { served: ServedModel; model: Model } {
    const served = this.served.get(name);
    if (served?.model) return { served, model: served.model };
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

  /** Looks which models there are. @returns what resolves when each has been read @throws RegistryUnreadableError */
  private async beginToRead(): Promise<Promise<void>[]> {
    const served = await this.listing.run(() => this.listModels());
    return served.map((model) => model.read().then(() => this.chooseDefault()));
  }

  private async listModels(): Promise<ServedModel[]> {
    const names = await this.readNames();
    if (names.length === 0 && this.list().length > 0) {
      throw new RegistryUnreadableError(
        `the model registry ${this.location} is empty all of a sudden; what was loaded serves on, but the next start will ` +
          'fail: see whether a volume is missing, or stop the server',
      );
    }
    this.noProblem();
    const isStart = !this.hasBeenListed;
    this.hasBeenListed = true;
    for (const name of names) {
      if (!this.served.has(name))
        this.served.set(name, new ServedModel(name, isStart && this.around.options.require !== 'any', this.around));
    }
    for (const [name, served] of this.served) if (!names.includes(name)) this.remove(name, served);
    this.chooseDefault();
    return [...this.served.values()];
  }

  private async readNames(): Promise<string[]> {
    try {
      const passedOver = new Set<string>();
      const names = await this.store.listModels((sentence) => passedOver.add(sentence));
      this.namedDefault = await this.store.readDefaultModel();
      this.strangers.are(passedOver);
      this.isAway = false;
      return names;
    } catch (error) {
      this.isAway = isStorageFailure((error as Error).cause);
      throw error;
    }
  }

  private remove(name: string, served: ServedModel): void {
    this.served.delete(name);
    const ended = served.end(this.around.options.unloadGraceMs).finally(() => this.ending.delete(ended));
    this.ending.add(ended);
  }

  /** Not before all models have been read once: until then it is not known which are there. */
  private chooseDefault(): void {
    if (!this.hasBeenRead) return;
    const established = this.list().filter(({ isEstablished }) => isEstablished);
    const news = this.default.update(
      established.map(({ name }) => name),
      this.namedDefault,
    );
    if (news) this.around.observer.onWarning?.(news.model, news.warning);
  }

  private say(problem: string): void {
    if (this.problem === problem) return;
    this.problem = problem;
    this.around.observer.onProblem?.('', problem);
  }

  private noProblem(): void {
    if (this.problem === undefined) return;
    const { problem } = this;
    this.problem = undefined;
    this.around.observer.onProblemGone?.('', problem);
  }
}
