import { EyrieError, msUntil, waitWithin } from '#core';
import { Lane } from '../lane';
import { runtimeOf } from '../versions/manifest';
import type { ModelRegistry } from './model-registry';
import type { ModelVersion } from '../versions/model-version';

export interface OnDemandOptions {
  /** Off: a version that is not READY is an error at once. */
  enabled: boolean;
  /** What the workers of all loaded versions may use together, bytes; 0 sets no limit. */
  memoryBytes: number;
  /** How long a version that has to make room may take for what it has been asked. */
  unloadGraceMs: number;
}

export interface Wait {
  /** On performance.now()'s clock. */
  deadline: number;
  signal?: AbortSignal;
}

/** Each holds an image. */
const WAITING_AT_MOST = 256;
const MIB = 1024 * 1024;
/** A worker before it has a model: Node, ONNX Runtime and sharp. */
const BARE_WORKER_BYTES = 75 * MIB;
/** Weights are held once more while the graph is optimised, and a run needs room for its activations. */
const BYTES_PER_MODEL_BYTE = 2.5;

/** Loads a version when the first request for it comes, and unloads the one that was used the longest ago for it. */
export class OnDemandLoader {
  /** In the order of their last use. */
  private readonly used = new Set<ModelVersion>();
  private readonly loading = new Map<ModelVersion, Promise<void>>();
  /** What a version has been seen to use; better than any estimate when it comes back. */
  private readonly seenBytes = new Map<string, number>();
  private readonly oneByOne = new Lane();
  private waiting = 0;

  constructor(
    private readonly registry: Pick<ModelRegistry, 'list'>,
    private readonly options: OnDemandOptions,
  ) {}

  /**
   * Resolves when the version is READY.
   * @throws EyrieError MODEL_NOT_READY when it is not and cannot be, or not before the deadline; OVERLOADED when too
   *   many wait already; the signal's reason when it aborts
   */
  async ready(version: ModelVersion, { deadline, signal }: Wait): Promise<void> {
    if (version.state === 'READY') return this.note(version);
    // What a policy or an administrator has begun to load is waited for, too.
    if (!this.options.enabled || version.state === 'FAILED') throw notReady(version);
    if (this.waiting >= WAITING_AT_MOST) {
      const detail = `${WAITING_AT_MOST} requests wait for versions to be loaded, and no more may; try again later`;
      throw new EyrieError('OVERLOADED', detail, { bound: 'fixed', retryAfterSeconds: 5 });
    }
    signal?.throwIfAborted();
    this.waiting++;
    try {
      await within(this.load(version), version, deadline, signal);
    } finally {
      this.waiting--;
    }
    if (version.predictor === undefined) throw notReady(version);
    this.note(version);
  }

  private note(version: ModelVersion): void {
    if (!version.onDemand) return;
    this.used.delete(version);
    this.used.add(version);
  }

  private load(version: ModelVersion): Promise<void> {
    const begun = this.loading.get(version);
    if (begun) return begun;
    // Somebody else has it loaded, and not only for as long as there is room.
    if (version.state === 'LOADING') return version.load();
    if (this.options.memoryBytes === 0) return loadOnDemand(version);
    const load = this.oneByOne.run(() => this.loadWithinMemory(version)).finally(() => this.loading.delete(version));
    this.loading.set(version, load);
    return load;
  }

  /** To be called for one version at a time: what it needs is only known when the one before is loaded. */
  private async loadWithinMemory(version: ModelVersion): Promise<void> {
    if (version.state === 'READY') return;
    await this.makeRoom(version, this.expectedBytes(version));
    await loadOnDemand(version);
    this.seenBytes.set(key(version), version.rssBytes);
  }

  /** @throws EyrieError MODEL_NOT_READY */
  private async makeRoom(version: ModelVersion, needed: number): Promise<void> {
    const { memoryBytes } = this.options;
    while (this.usedBytes(version) + needed > memoryBytes) {
      const oldest = [...this.used].find(({ onDemand, state }) => onDemand && state === 'READY');
      if (!oldest) {
        throw new EyrieError(
          'MODEL_NOT_READY',
          `${version.model} version ${version.version} needs about ${mib(needed)} MiB; ` +
            `${mib(this.usedBytes(version))} of ${mib(memoryBytes)} MiB are in use ` +
            'by versions that a policy names or that were loaded by hand',
          { bound: { setting: 'LOAD_MEMORY_BYTES', value: memoryBytes }, retryAfterSeconds: 30 },
        );
      }
      this.seenBytes.set(key(oldest), oldest.rssBytes);
      this.used.delete(oldest);
      await oldest.unload(this.options.unloadGraceMs);
    }
  }

  private usedBytes(except: ModelVersion): number {
    return this.registry
      .list()
      .flatMap(({ versions }) => [...versions.values()])
      .reduce((sum, version) => (version === except ? sum : sum + version.rssBytes), 0);
  }

  private expectedBytes(version: ModelVersion): number {
    const seen = this.seenBytes.get(key(version));
    if (seen || !version.manifest) return seen ?? BARE_WORKER_BYTES;
    const { workers } = runtimeOf(version.manifest);
    return workers * (BARE_WORKER_BYTES + version.manifest.artifact.bytes * BYTES_PER_MODEL_BYTE);
  }
}

function loadOnDemand(version: ModelVersion): Promise<void> {
  version.onDemand = true;
  return version.load();
}

function notReady({ model, version, state, reason }: ModelVersion): EyrieError {
  const why = reason ? `: ${reason}` : '';
  return new EyrieError('MODEL_NOT_READY', `${model} version ${version} is ${state}${why}`, {
    retryAfterSeconds: state === 'LOADING' ? 2 : 30,
  });
}

/** The load goes on when nobody waits for it any more: the next one who asks will want it. */
function within(load: Promise<void>, version: ModelVersion, deadline: number, signal?: AbortSignal): Promise<void> {
  const onExpiry = (): EyrieError =>
    new EyrieError(
      'MODEL_NOT_READY',
      `${version.model} version ${version.version} is being loaded and was not ready within the request's time limit`,
      { bound: 'deadline', retryAfterSeconds: 2 },
    );
  return waitWithin({ ms: msUntil(deadline), signal, onExpiry }, load);
}

function key({ model, version }: ModelVersion): string {
  return `${model}/${version}`;
}

function mib(bytes: number): number {
  return Math.ceil(bytes / MIB);
}
