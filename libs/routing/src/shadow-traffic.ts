import { type InferenceInput, type InferenceResult, type Timings, deadlineIn } from '#core';
import { availableCpus, type Predictor } from '#inference';
import { resolveVersion, type LoadedVersion, type ModelRegistry, type ModelVersion } from '#registry';
import { count, mergeTallies, type Tally } from './outcome-window';
import type { Route } from './router';
import { senderCode, type Sender, type SenderCode } from './sender';

/** A request that has been answered. */
export interface Answered {
  requestId: string;
  route: Route;
  sender: Sender;
  input: InferenceInput;
  output: unknown;
  /** Of what was computed for this request; what comes from a cache took no time to compare. */
  timings?: Timings;
}

/** What one version said, in the words of its task. */
export type Opinion = { version: number } & Readonly<Record<string, unknown>>;

/** Two versions that gave different answers to the same question, which is not kept. */
export interface Disagreement {
  at: string;
  request_id: string;
  answered: Opinion;
  shadow: Opinion;
}

/** What a shadow has shown so far. */
export interface ShadowSummary {
  version: number;
  compared: number;
  /** How often the answers were the same, as the task sees it. */
  agreed: number;
  failed: number;
  /** Not sent, because there was no room beside the clients' own requests. */
  dropped: number;
  /** Mean of the shadow's confidence minus the answer's; 0 for a task without confidences. */
  confidence_shift: number;
  /** Mean of the shadow's decode and inference time minus the answer's, ms, where that did not come from a cache. */
  latency_difference_ms: number;
  /** Newest first. */
  disagreements: readonly Disagreement[];
}

export type ShadowOutcome = 'agreed' | 'disagreed' | 'failed' | 'dropped';

const DISAGREEMENTS_KEPT = 50;
/** Beyond so many, a caller's routing keys are told apart no longer. */
const SENDERS_KEPT = 4_000;
/** Of each shadow; more would only wait. */
const IN_FLIGHT = 8;
/** What receives and answers requests needs a core as well. */
const SERVER_THREADS = 1;
/** With all cores busy a shadow still gets so much, or nothing would be known of it just when it matters. */
const UNDER_LOAD_EVERY_MS = 100;
const TIME_LIMIT_MS = 30_000;

type Counts = Omit<ShadowSummary, 'version' | 'confidence_shift' | 'latency_difference_ms' | 'disagreements'> & {
  confidenceShift: number;
  latencyDifference: number;
  /** Comparisons of which `latencyDifference` is the sum. */
  timed: number;
  disagreements: Disagreement[];
  /** Good is agreed. */
  bySender: Map<SenderCode, Tally>;
  inFlight: number;
  /** On performance.now()'s clock. */
  lastSentAt: number;
};

/** Asks shadow versions what clients have been answered by others, and compares. Nothing of it reaches a client. */
export class ShadowTraffic {
  /** By the version itself, not its number: a number may be given to another network once the version is gone. */
  private readonly counts = new WeakMap<ModelVersion, Counts>();

  constructor(
    private readonly registry: ModelRegistry,
    private readonly onOutcome: (model: string, version: number, outcome: ShadowOutcome) => void = () => undefined,
    private readonly random: () => number = Math.random,
    private readonly cpus = availableCpus(),
  ) {}

  /** Call it when the client has its answer. Resolves when all shadows have theirs, or none is asked. */
  async copy(answered: Answered): Promise<void> {
    const { version: primary } = answered.route;
    const model = this.registry.model(primary.model);
    const asked = (model.policy.shadows ?? [])
      .filter(({ percent }) => this.random() * 100 < percent)
      .map(({ version }) => model.versions.get(resolveVersion(model.policy, version)!))
      // What has another task cannot be asked the same.
      .filter(
        (shadow) => shadow !== undefined && shadow !== primary && shadow.manifest?.task === primary.manifest?.task,
      );
    await Promise.all(asked.map((shadow) => this.ask(shadow!, answered)));
  }

  /** undefined before the first request; begins anew when the version's files become others. */
  summary(model: string, version: number): ShadowSummary | undefined {
    const known = this.registry.model(model).versions.get(version);
    const counts = known && this.counts.get(known);
    if (!counts) return undefined;
    const { compared, agreed, failed, dropped, confidenceShift, latencyDifference, disagreements } = counts;
    const mean = (total: number, of: number): number => (of > 0 ? total / of : 0);
    return {
      version,
      compared,
      agreed,
      failed,
      dropped,
      confidence_shift: mean(confidenceShift, compared),
      latency_difference_ms: mean(latencyDifference, counts.timed),
      disagreements,
    };
  }

  /** What it was compared on, by who had asked: what agreed is good. A copy; empty before the first comparison. */
  comparisons(shadow: ModelVersion | undefined): Map<SenderCode, Tally> {
    const counts = shadow && this.counts.get(shadow);
    return mergeTallies(counts ? [{ tallies: counts.bySender }] : []);
  }

  /** Of every version of a model that has been a shadow. */
  summaries(model: string): ShadowSummary[] {
    return [...this.registry.model(model).versions.keys()]
      .map((version) => this.summary(model, version))
      .filter((summary) => summary !== undefined);
  }

  private async ask(shadow: ModelVersion, answered: Answered): Promise<void> {
    const counts = this.countsOf(shadow);
    const { loaded } = shadow;
    if (!loaded || !this.hasRoom(loaded.predictor, counts, answered)) {
      counts.dropped++;
      this.onOutcome(shadow.model, shadow.version, 'dropped');
      return;
    }
    counts.inFlight++;
    counts.lastSentAt = performance.now();
    try {
      const deadline = deadlineIn(TIME_LIMIT_MS);
      const input = loaded.task.forComparison(answered.input);
      await this.compare(shadow, loaded, counts, answered, await loaded.predict({ ...input, deadline }));
    } catch {
      counts.failed++;
      this.onOutcome(shadow.model, shadow.version, 'failed');
    } finally {
      counts.inFlight--;
    }
  }

  /** Whether a shadow can be asked without taking CPU from clients; under load a few are asked all the same. */
  private hasRoom(shadow: Predictor, counts: Counts, { route }: Answered): boolean {
    if (shadow.queueDepth > 0 || counts.inFlight >= IN_FLIGHT) return false;
    const clientsWait = (route.version.predictor?.queueDepth ?? 0) > 0;
    // On few CPUs a shadow may have as many threads as there are: what the server leaves of them has to do.
    const threads = Math.min(shadow.threads, Math.max(1, this.cpus - SERVER_THREADS));
    if (!clientsWait && this.busyThreads() + SERVER_THREADS + threads <= this.cpus) return true;
    return counts.inFlight === 0 && performance.now() - counts.lastSentAt >= UNDER_LOAD_EVERY_MS;
  }

  private busyThreads(): number {
    return this.registry
      .list()
      .flatMap(({ versions }) => [...versions.values()])
      .reduce((sum, { predictor }) => sum + (predictor?.busyThreads ?? 0), 0);
  }

  private async compare(
    shadow: ModelVersion,
    { task }: LoadedVersion,
    counts: Counts,
    { requestId, route, sender, output, timings }: Answered,
    other: InferenceResult,
  ): Promise<void> {
    const { agreed, confidenceShift = 0, said } = await task.compare(output, other.output);
    counts.compared++;
    count(counts.bySender, senderCode(sender), agreed ? 'good' : 'bad', SENDERS_KEPT);
    counts.confidenceShift += confidenceShift;
    if (timings) {
      counts.timed++;
      counts.latencyDifference += work(other.timings) - work(timings);
    }
    if (agreed) counts.agreed++;
    else {
      counts.disagreements.unshift({
        at: new Date().toISOString(),
        request_id: requestId,
        answered: { version: route.version.version, ...said[0] },
        shadow: { version: shadow.version, ...said[1] },
      });
      counts.disagreements.splice(DISAGREEMENTS_KEPT);
    }
    this.onOutcome(shadow.model, shadow.version, agreed ? 'agreed' : 'disagreed');
  }

  private countsOf(shadow: ModelVersion): Counts {
    let counts = this.counts.get(shadow);
    if (!counts) {
      counts = {
        compared: 0,
        agreed: 0,
        failed: 0,
        dropped: 0,
        confidenceShift: 0,
        latencyDifference: 0,
        timed: 0,
        disagreements: [],
        bySender: new Map(),
        inFlight: 0,
        lastSentAt: -Infinity,
      };
      this.counts.set(shadow, counts);
    }
    return counts;
  }
}

// Time in the queue says how busy the server is, not how fast the version.
function work({ decode, inference }: Timings): number {
  return decode + inference;
}
