import { EyrieError, observe } from '#core';
import {
  resolveVersion,
  type CanaryRules,
  type Model,
  type ModelRegistry,
  type ModelVersion,
  type Policy,
} from '#registry';
import { decide, withWeight, type CanaryDecision, type CanaryFigures } from './canary-decision';
import { compareAll, compareTrimmed, summaryOf, type WindowSummary } from './canary-evidence';
import { NO_EVIDENCE, OutcomeWindow, type Evidence, type Served, type Tally } from './outcome-window';
import type { Route } from './router';
import { senderCode, type Sender, type SenderCode } from './sender';
import type { ShadowTraffic } from './shadow-traffic';
import type { TrafficEvents } from './traffic-events';
import { size, total, trim, witnessesByCaller } from './witnesses';

interface Watched {
  /** The revision that the windows belong to, and since when it has been seen, seconds. */
  revision: number;
  since: number;
  windowSeconds: number;
  byVariant: Map<string, OutcomeWindow>;
  start: CanaryStartingPoint;
  busy: boolean;
  latest?: GuardStatus;
}

/** What a shadow of the canary's version had shown before the canary began, of which the guard makes nothing. */
interface CanaryStartingPoint {
  version: ModelVersion | undefined;
  comparisons: ReadonlyMap<SenderCode, Tally>;
}

/** What the guard of a model saw when it last looked, at most a second ago. */
export interface GuardStatus {
  /** Of the policy that it looked at; the one in effect may be a newer one. */
  revision: number;
  guard: CanaryRules;
  input: CanaryFigures;
  /** What it makes of the input, and why. */
  decision: CanaryDecision;
  /** Of every variant of the policy, the guarded one among them. */
  windows: ReadonlyMap<string, WindowSummary>;
}

/** Watches the guarded variant of every model and moves its weight. */
export class CanaryGuard {
  private readonly watched = new Map<string, Watched>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly registry: ModelRegistry,
    private readonly shadows: ShadowTraffic,
    private readonly events: TrafficEvents,
    /** Seconds. */
    private readonly now: () => number = () => performance.now() / 1000,
  ) {}

  start(): void {
    this.timer = setInterval(() => void this.tick(), 1_000);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /**
   * What counts is the run of the model: how long a request waits, and how long its image takes to be decoded, is the doing of
   * whoever sends it and of the others, not of the version.
   * @param served null when the version failed, which an image at fault is not
   */
  observe({ version, variant }: Route, served: Served | null, sender: Sender): void {
    if (variant === null) return;
    const watched = this.watched.get(version.model);
    if (!watched) return;
    let window = watched.byVariant.get(variant);
    if (!window) watched.byVariant.set(variant, (window = new OutcomeWindow(watched.windowSeconds)));
    window.add(this.now(), served, senderCode(sender));
  }

  /** undefined while the model has no guard, and until it has looked for the first time. */
  status(model: string): GuardStatus | undefined {
    return this.watched.get(model)?.latest;
  }

  /** Decides for every guarded model. Resolves when what was decided has been done; what goes wrong is reported. */
  async tick(): Promise<void> {
    await Promise.all(this.registry.list().map((model) => observe('canary-guard', () => this.attend(model))));
  }

  private async attend(model: Model): Promise<void> {
    const { policy, name } = model;
    if (!policy.guard) {
      this.watched.delete(name);
      return;
    }
    const watched = this.watch(model, policy.guard);
    if (watched.busy) return;
    const evidence = this.evidence(policy, watched);
    const input = this.measure(model, watched, evidence);
    const decision = decide(policy.guard, input);
    const windows = new Map([...evidence].map(([variant, seen]) => [variant, summaryOf(seen)]));
    watched.latest = { revision: policy.revision, guard: policy.guard, input, decision, windows };
    if (decision.action === 'hold') return;
    watched.busy = true;
    try {
      await this.carryOut(model, decision, input);
    } finally {
      watched.busy = false;
    }
  }

  /** A new revision starts with empty windows: what the one before did says nothing of it. */
  private watch(model: Model, guard: CanaryRules): Watched {
    const { name, policy } = model;
    const known = this.watched.get(name);
    if (known?.revision === policy.revision) return known;
    const fresh = {
      revision: policy.revision,
      since: this.now(),
      windowSeconds: guard.window_s,
      byVariant: new Map<string, OutcomeWindow>(),
      start: this.startingPoint(model, guard, known),
      busy: false,
    };
    this.watched.set(name, fresh);
    return fresh;
  }

  /** Comparisons are few, and what they say does not depend on the weight: they count from the canary's first one on. */
  private startingPoint(model: Model, guard: CanaryRules, before: Watched | undefined): CanaryStartingPoint {
    const version = canaryVersion(model, guard);
    if (before && before.start.version === version) return before.start;
    return { version, comparisons: this.shadows.comparisons(version) };
  }

  /** Of a shadow of the canary's version, since the canary began. */
  private comparisons(model: Model, guard: CanaryRules, { start }: Watched): Map<SenderCode, Tally> {
    const version = canaryVersion(model, guard);
    const now = this.shadows.comparisons(version);
    // Its files have become others under the same policy: nothing that it has shown is older than the canary.
    if (start.version !== version) return now;
    for (const [sender, { good, bad }] of start.comparisons) {
      const { good: goodNow, bad: badNow } = now.get(sender)!;
      if (good + bad === goodNow + badNow) now.delete(sender);
      else now.set(sender, { good: goodNow - good, bad: badNow - bad });
    }
    return now;
  }

  private evidence(policy: Policy, { byVariant }: Watched): Map<string, Evidence> {
    const now = this.now();
    return new Map(policy.variants!.map(({ name }) => [name, byVariant.get(name)?.evidence(now) ?? NO_EVIDENCE]));
  }

  private measure(model: Model, watched: Watched, evidence: ReadonlyMap<string, Evidence>): CanaryFigures {
    const guard = model.policy.guard!;
    const variants = model.policy.variants!;
    const { weight } = variants.find(({ name }) => name === guard.variant)!;
    const weightOfOthers = variants.reduce((sum, variant) => sum + variant.weight, 0) - weight;
    const canary = evidence.get(guard.variant)!;
    const others = [...evidence].filter(([variant]) => variant !== guard.variant).map(([, seen]) => seen);
    const { isSole, ...trimmed } = compareTrimmed(canary, others, weight / weightOfOthers);
    const comparisons = this.comparisons(model, guard, watched);
    // Whom a shadow is asked about does not depend on the split: what is asked has been chosen by its sender in any case.
    const compared = trim(comparisons, witnessesByCaller(comparisons, 1));
    return {
      weight,
      stepAge: this.now() - watched.since,
      ...trimmed,
      ...describeComparisons(compared.heard),
      all: { ...compareAll(canary, others), ...describeComparisons(total(comparisons.values())) },
      isSole: isSole || (guard.max_disagreement !== undefined && compared.isSole),
    };
  }

  private async carryOut(model: Model, decision: Exclude<CanaryDecision, { action: 'hold' }>, input: CanaryFigures) {
    const { name, policy } = model;
    const { variant, steps } = policy.guard!;
    const numbers = { ...input, weight_before: input.weight, weight_after: decision.weight };
    try {
      await this.registry.changePolicy(
        name,
        (current) => withWeight(current, variant, decision.weight),
        policy.revision,
        'the canary guard',
      );
      const done = decision.weight >= Math.max(...steps);
      const type =
        decision.action === 'roll-back' ? 'canary-rolled-back' : done ? 'canary-completed' : 'canary-promoted';
      this.events.add(
        name,
        type,
        `${variant} from ${input.weight}% to ${decision.weight}%: ${decision.reason}`,
        numbers,
      );
    } catch (error) {
      // Another replica came first; its decision arrives with the next look at the registry.
      if (error instanceof EyrieError && error.code === 'PRECONDITION_FAILED') return;
      const what = `${variant} should go from ${input.weight}% to ${decision.weight}%`;
      this.events.add(name, 'guard-failed', `${what} (${decision.reason}), but: ${(error as Error).message}`, numbers);
    }
  }
}

function canaryVersion({ policy, versions }: Model, guard: CanaryRules): ModelVersion | undefined {
  const canary = policy.variants!.find(({ name }) => name === guard.variant)!;
  return versions.get(resolveVersion(policy, canary.version)!);
}

function describeComparisons(compared: Tally): { comparisons: number; disagreement: number } {
  const comparisons = size(compared);
  return { comparisons, disagreement: comparisons > 0 ? compared.bad / comparisons : 0 };
}
