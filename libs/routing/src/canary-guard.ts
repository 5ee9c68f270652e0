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
import { comparableP95, OutcomeWindow, type Served, type WindowSummary } from './outcome-window';
import type { Route } from './router';
import type { ShadowTraffic } from './shadow-traffic';
import type { TrafficEvents } from './traffic-events';

interface Watched {
  /** The revision that the windows belong to, and since when it has been seen, seconds. */
  revision: number;
  since: number;
  byVariant: Map<string, OutcomeWindow>;
  start: CanaryStartingPoint;
  busy: boolean;
  latest?: GuardStatus;
}

/** What a shadow of the canary's version had shown before the canary began, of which the guard makes nothing. */
interface CanaryStartingPoint {
  version: ModelVersion | undefined;
  compared: number;
  agreed: number;
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
  observe({ version, variant }: Route, served: Served | null): void {
    if (variant === null) return;
    const watched = this.watched.get(version.model);
    if (!watched) return;
    let window = watched.byVariant.get(variant);
    if (!window) watched.byVariant.set(variant, (window = new OutcomeWindow()));
    window.add(this.now(), served);
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
    const windows = this.summarise(policy, policy.guard, watched);
    const input = this.measure(model, watched, windows);
    const decision = decide(policy.guard, input);
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
    const shadow = version && this.shadows.summary(model.name, version.version);
    return { version, compared: shadow?.compared ?? 0, agreed: shadow?.agreed ?? 0 };
  }

  /** Of a shadow of the canary's version, since the canary began. */
  private comparisons(model: Model, guard: CanaryRules, { start }: Watched): { compared: number; agreed: number } {
    const version = canaryVersion(model, guard);
    const shadow = version && this.shadows.summary(model.name, version.version);
    if (!shadow) return { compared: 0, agreed: 0 };
    // Its files have become others under the same policy: nothing that it has shown is older than the canary.
    if (start.version !== version) return shadow;
    return { compared: shadow.compared - start.compared, agreed: shadow.agreed - start.agreed };
  }

  private summarise(policy: Policy, guard: CanaryRules, { byVariant }: Watched): Map<string, WindowSummary> {
    const now = this.now();
    return new Map(
      policy.variants!.map(({ name }) => {
        const window = byVariant.get(name) ?? new OutcomeWindow();
        return [name, window.summary(now, guard.window_s)];
      }),
    );
  }

  private measure(model: Model, watched: Watched, windows: ReadonlyMap<string, WindowSummary>): CanaryFigures {
    const { policy } = model;
    const guard = policy.guard!;
    const canary = policy.variants!.find((variant) => variant.name === guard.variant)!;
    const others = [...windows].filter(([variant]) => variant !== guard.variant).map(([, summary]) => summary);
    const requests = others.reduce((sum, summary) => sum + summary.requests, 0);
    const failed = others.reduce((sum, summary) => sum + summary.errorRate * summary.requests, 0);
    const [canaryP95, othersP95] = this.runTimes(policy, guard, watched, windows);
    const { compared, agreed } = this.comparisons(model, guard, watched);
    return {
      weight: canary.weight,
      stepAge: this.now() - watched.since,
      canary: { ...windows.get(guard.variant)!, p95: canaryP95 },
      others: {
        requests,
        errorRate: requests > 0 ? failed / requests : 0,
        p95: othersP95,
      },
      comparisons: compared,
      disagreement: compared > 0 ? 1 - agreed / compared : 0,
    };
  }

  /** The p95 of the canary, and the worst of the others; of runs of the same size, where there are enough of them. */
  private runTimes(
    policy: Policy,
    guard: CanaryRules,
    { byVariant }: Watched,
    windows: ReadonlyMap<string, WindowSummary>,
  ): [number | null, number | null] {
    const canary = byVariant.get(guard.variant)?.runs ?? [];
    let worst: [number | null, number | null] = [windows.get(guard.variant)!.p95, null];
    for (const { name } of policy.variants!) {
      if (name === guard.variant) continue;
      const pair = comparableP95(canary, byVariant.get(name)?.runs ?? []);
      const [ours, theirs] = pair ?? [windows.get(guard.variant)!.p95, windows.get(name)!.p95];
      if (theirs !== null && theirs > (worst[1] ?? -Infinity)) worst = [ours, theirs];
    }
    return worst;
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
