import { count, mergeTallies, type Evidence, type Run, type Tally } from './outcome-window';
import { comparableP95, p95Of } from './run-times';
import type { SenderCode } from './sender';
import { FEW, size, total, trim, witnessesByCaller, witnessesByRoutingKey, type WitnessOf } from './witnesses';

/** What is made of the requests that fell into a window. */
export interface WindowSummary {
  requests: number;
  /** Share of failed requests, 0..1; 0 when there were none. */
  errorRate: number;
  /** 95th percentile of the runs that the successful ones were in, ms; null when there were none. */
  p95: number | null;
}

/** A canary beside the other variants. */
export interface Comparison {
  canary: WindowSummary;
  /** All other variants together; their p95 is that of the slowest. */
  others: WindowSummary;
}

/** With so large a share of the requests a caller is a gateway: who else there is cannot speak for its users. */
const GATEWAY = 0.5;

export function summaryOf({ tallies, runs }: Evidence): WindowSummary {
  return { ...ratesOf(total(tallies.values())), p95: p95Of(runs) };
}

/** As it was, whoever sent it. */
export function compareAll(canary: Evidence, others: readonly Evidence[]): Comparison {
  const [ours, theirs] = p95s(
    canary.runs,
    others.map(({ runs }) => runs),
  );
  return {
    canary: { ...ratesOf(total(canary.tallies.values())), p95: ours },
    others: { ...ratesOf(total(mergeTallies(others).values())), p95: theirs },
  };
}

/**
 * As it was without those who say most, in either direction, where they may have chosen the variant: see `witnessesByRoutingKey` and
 * `trim`. Failures of requests that chance has distributed are as frequent in the other variants, unless they are the canary's fault.
 * Where there are no others to be compared with, each caller is heard as one.
 * @param odds how many routing keys chance puts into the canary for one into the others
 */
export function compareTrimmed(
  canary: Evidence,
  others: readonly Evidence[],
  odds: number,
): Comparison & { isSole: boolean } {
  const elsewhere = mergeTallies(others);
  const isComparable = size(total(elsewhere.values())) >= FEW;
  const here = isComparable
    ? witnessesByRoutingKey(canary.tallies, elsewhere, odds)
    : witnessesByCaller(canary.tallies, GATEWAY);
  const there = witnessesByRoutingKey(elsewhere, canary.tallies, 1 / odds);
  const [ours, theirs] = p95s(
    trimRuns(canary.runs, here),
    others.map(({ runs }) => trimRuns(runs, there)),
  );
  const { heard, isSole } = trim(canary.tallies, here);
  return {
    canary: { ...ratesOf(heard), p95: ours },
    others: { ...ratesOf(trim(elsewhere, there).heard), p95: theirs },
    isSole,
  };
}

/** Without the witness that has most of the slowest runs, and the one that has most of the others; none where few are left then. */
function trimRuns(runs: readonly Run[], witnessOf: WitnessOf): readonly Run[] {
  const slow = p95Of(runs) ?? 0;
  const bySpeed = new Map<SenderCode, Tally>();
  for (const { sender, runMs } of runs) count(bySpeed, sender, runMs < slow ? 'good' : 'bad', Infinity);
  const { leftOut } = trim(bySpeed, witnessOf, 1);
  if (leftOut.size === 0) return runs;
  const heard = runs.filter(({ sender }) => !leftOut.has(witnessOf(sender)));
  return heard.length < FEW ? [] : heard;
}

/** Of the canary, and the worst of the others; of runs of the same size, where there are enough of them. */
function p95s(canary: readonly Run[], others: readonly (readonly Run[])[]): [number | null, number | null] {
  const all = p95Of(canary);
  let worst: [number | null, number | null] = [all, null];
  for (const runs of others) {
    const [ours, theirs] = comparableP95(canary, runs) ?? [all, p95Of(runs)];
    if (theirs !== null && theirs > (worst[1] ?? -Infinity)) worst = [ours, theirs];
  }
  return worst;
}

function ratesOf(tally: Tally): Pick<WindowSummary, 'requests' | 'errorRate'> {
  const requests = size(tally);
  return { requests, errorRate: requests > 0 ? tally.bad / requests : 0 };
}
