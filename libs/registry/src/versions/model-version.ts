import { observe } from '#core';
import type { Predictor } from '#inference';
import { Lane } from '../lane';
import { loadVersion, type LoadOptions } from './load-version';
import type { LoadedVersion } from './loaded-version';
import type { Manifest } from './manifest';
import { isStorageFailure } from '../stores/storage-error';

export type VersionState = 'UNLOADED' | 'LOADING' | 'READY' | 'FAILED' | 'UNLOADING';
export const VERSION_STATES: readonly VersionState[] = ['UNLOADED', 'LOADING', 'READY', 'FAILED', 'UNLOADING'];

/** Of a load that failed because the storage did. */
const RETRY_AFTER_MS = 30_000;

/** One version of a model, from UNLOADED to READY and back. */
export class ModelVersion {
  state: VersionState = 'UNLOADED';
  /** How long the last load took, checks and golden images included; to the millisecond. */
  loadSeconds: number | undefined;
  /** A request had it loaded; where memory is short, it may be unloaded again. */
  onDemand = false;
  private failure: string | undefined;
  /** On performance.now()'s clock; undefined where only other files would help. */
  private retryAt: number | undefined;
  private current: LoadedVersion | undefined;
  private readonly lane = new Lane();
  /** Of the load that is under way. */
  private loading: AbortController | undefined;
  /** The load or unload that was asked for last, as long as it is not done. */
  private latest: { step: 'load' | 'unload'; done: Promise<void> } | undefined;

  constructor(
    readonly model: string,
    readonly version: number,
    private readonly folder: () => Promise<string>,
    private readonly manifestAsRead: Manifest | null,
    /** Of the files that it was read from. */
    readonly fingerprint: string,
    private readonly options: LoadOptions,
    private readonly onState: (version: ModelVersion) => void,
  ) {}

  /** That of what is loaded, which has been checked; otherwise as read without loading, and null where it cannot be read. */
  get manifest(): Manifest | null {
    return this.current?.manifest ?? this.manifestAsRead;
  }

  /** What answers requests; undefined unless READY. */
  get loaded(): LoadedVersion | undefined {
    return this.state === 'READY' ? this.current : undefined;
  }

  /** Its queue and its workers; undefined unless READY. */
  get predictor(): Predictor | undefined {
    return this.loaded?.predictor;
  }

  /** It can answer: READY, and not without workers. */
  get isServing(): boolean {
    return this.predictor?.isServing ?? false;
  }

  /** Why it FAILED, why a worker that it lost cannot be replaced, that its workers hang, or what is doubtful about its answers, for a person. */
  get reason(): string | undefined {
    const predictor = this.predictor;
    const lost = predictor?.workerFailure;
    if (lost !== undefined) return `a worker was lost and cannot be replaced: ${lost}`;
    if (predictor === undefined) return this.failure;
    if (predictor.isOverdue) {
      return `NO_ANSWER: its workers (${predictor.workers.pids.join(', ')}) have requests and give no sign; they are replaced if that goes on`;
    }
    const { oneByOne, doubts } = predictor;
    const limit =
      oneByOne && `${oneByOne}, so they run one by one; set "maxBatch": 1 in the runtime of its model.json to say so`;
    return [limit, ...doubts].filter(Boolean).join('; ') || this.failure;
  }

  /** Memory of its workers, bytes; 0 unless it is loaded. */
  get rssBytes(): number {
    return this.current?.predictor.rssBytes ?? 0;
  }

  /** What its task says of it beside the manifest; empty before the first load. */
  get card(): Readonly<Record<string, unknown>> {
    return this.current?.task.card ?? {};
  }

  /** How long the graph took to load and to warm up, in milliseconds. */
  get times(): { loadMs: number; warmUpMs: number } | undefined {
    return this.current && { loadMs: this.current.predictor.loadMs, warmUpMs: this.current.predictor.warmUpMs };
  }

  /** Resolves when the version is READY or FAILED, or UNLOADED by somebody who called it back; never rejects. Who asks while it loads waits for the same load. */
  load(): Promise<void> {
    return this.inTurn('load', async () => {
      if (this.state === 'READY') return;
      this.enter('LOADING');
      const started = performance.now();
      const { signal } = (this.loading = new AbortController());
      try {
        const options = { ...this.options, folderLater: this.folder, signal };
        this.current = await loadVersion(await this.folder(), this.model, this.version, options);
        this.loadSeconds = Math.round(performance.now() - started) / 1000;
        this.enter('READY');
      } catch (error) {
        if (signal.aborted) return this.enter('UNLOADED');
        this.retryAt = isStorageFailure(error) ? performance.now() + RETRY_AFTER_MS : undefined;
        this.enter('FAILED', (error as Error).message);
      } finally {
        this.loading = undefined;
      }
    });
  }

  /** It FAILED, its files were not to blame, and that is some time ago. */
  get isWorthAnotherTry(): boolean {
    return this.state === 'FAILED' && this.retryAt !== undefined && performance.now() >= this.retryAt;
  }

  /** Answers what it has been asked, then ends its workers; a load that is under way is called back. Never rejects. */
  unload(graceMs: number): Promise<void> {
    this.loading?.abort(new Error('it is not wanted any more'));
    return this.inTurn('unload', async () => {
      if (this.state !== 'READY') return;
      this.enter('UNLOADING');
      let failure: string | undefined;
      try {
        await this.current?.stop(graceMs);
      } catch (error) {
        failure = `its workers could not be ended in order: ${(error as Error).message}`;
      }
      this.current = undefined;
      this.enter('UNLOADED', failure);
    });
  }

  private enter(state: VersionState, reason?: string): void {
    this.state = state;
    this.failure = reason;
    observe('version.onState', () => this.onState(this));
  }

  /** A load and an unload that are asked for together happen one after the other. */
  private inTurn(step: 'load' | 'unload', run: () => Promise<void>): Promise<void> {
    if (this.latest?.step === step) return this.latest.done;
    const latest = {
      step,
      done: this.lane.run(run).finally(() => {
        if (this.latest === latest) this.latest = undefined;
      }),
    };
    this.latest = latest;
    return latest.done;
  }
}
