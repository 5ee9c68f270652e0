import { useEffect, useRef, useState } from 'preact/hooks';
import { SERVER } from '../shell/api.js';

/** What a variant, or a version, has answered since the page was opened, on the server that answers this page. */
export interface Measured {
  readonly requests: number;
  readonly failed: number;
  /** Of the time since the last look. */
  readonly perSecond: number;
}

/** Percentiles of what a version computed, ms; undefined without any. */
export interface Latency {
  readonly p50?: number;
  readonly p95?: number;
  readonly p99?: number;
}

export interface TrafficMeasured {
  readonly variants: ReadonlyMap<string, Measured>;
  readonly latencies: ReadonlyMap<number, Latency>;
}

interface Counts {
  readonly at: number;
  /** By variant: all, and those that failed. Without a split the variant is ''. */
  readonly variants: ReadonlyMap<string, { all: number; failed: number }>;
  /** By version: the cumulative buckets of Prometheus, by their upper bound in seconds. */
  readonly buckets: ReadonlyMap<number, ReadonlyMap<number, number>>;
}

const LOOK_MS = 4_000;
/** Failures that are the client's own say nothing of a version. */
const OF_CLIENTS = new Set(['INVALID_IMAGE', 'INVALID_REQUEST', 'IMAGE_TOO_LARGE', 'HARMFUL_INPUT', 'CLIENT_LEFT']);

/** The counters of /metrics, now and when the page was opened: what lies between is what was measured. */
export function useMeasured(model: string): TrafficMeasured | undefined {
  const [measured, setMeasured] = useState<TrafficMeasured>();
  const first = useRef<Counts | undefined>(undefined);
  useEffect(() => {
    first.current = undefined;
    setMeasured(undefined);
    let last: Counts | undefined;
    let hasLeft = false;
    const look = async (): Promise<void> => {
      if (document.hidden) return;
      const response = await fetch(`${SERVER}metrics`, { cache: 'no-store' }).catch(() => undefined);
      if (hasLeft || !response?.ok) return;
      const now = countsOf(await response.text(), model, performance.now());
      // A server that was started anew counts from zero.
      if (!first.current || isLess(now, first.current)) first.current = now;
      setMeasured(between(first.current, last ?? now, now));
      last = now;
    };
    void look();
    const timer = window.setInterval(() => void look(), LOOK_MS);
    return () => {
      hasLeft = true;
      window.clearInterval(timer);
    };
  }, [model]);
  return measured;
}

const LINE = /^(predictions_total|prediction_duration_seconds_bucket)\{([^}]*)\} (\S+)$/gm;

export function countsOf(text: string, model: string, at: number): Counts {
  const variants = new Map<string, { all: number; failed: number }>();
  const buckets = new Map<number, Map<number, number>>();
  for (const [, name, labelText = '', value] of text.matchAll(LINE)) {
    const labels = new Map([...labelText.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, each]) => [key, each!]));
    if (labels.get('model') !== model) continue;
    if (name === 'predictions_total') {
      const outcome = labels.get('outcome') ?? '';
      if (OF_CLIENTS.has(outcome)) continue;
      const variant = labels.get('variant') ?? '';
      const known = variants.get(variant) ?? { all: 0, failed: 0 };
      known.all += Number(value);
      if (outcome !== 'success') known.failed += Number(value);
      variants.set(variant, known);
    } else if (labels.get('stage') === 'total') {
      const version = Number(labels.get('version'));
      const bound = labels.get('le') === '+Inf' ? Infinity : Number(labels.get('le'));
      buckets.set(version, (buckets.get(version) ?? new Map<number, number>()).set(bound, Number(value)));
    }
  }
  return { at, variants, buckets };
}

function isLess(now: Counts, before: Counts): boolean {
  return [...before.variants].some(([variant, { all }]) => (now.variants.get(variant)?.all ?? 0) < all);
}

function between(first: Counts, last: Counts, now: Counts): TrafficMeasured {
  const seconds = (now.at - last.at) / 1000;
  const variants = new Map<string, Measured>();
  for (const [variant, { all, failed }] of now.variants) {
    const before = first.variants.get(variant);
    const lately = all - (last.variants.get(variant)?.all ?? 0);
    variants.set(variant, {
      requests: all - (before?.all ?? 0),
      failed: failed - (before?.failed ?? 0),
      perSecond: seconds > 0 ? Math.max(0, lately / seconds) : 0,
    });
  }
  const latencies = new Map<number, Latency>();
  for (const [version, buckets] of now.buckets) {
    const before = first.buckets.get(version);
    const counted = [...buckets].map(([bound, count]) => [bound, count - (before?.get(bound) ?? 0)] as const);
    latencies.set(version, {
      p50: percentile(counted, 0.5),
      p95: percentile(counted, 0.95),
      p99: percentile(counted, 0.99),
    });
  }
  return { variants, latencies };
}

/**
 * As Prometheus' histogram_quantile does: linear inside the bucket that the quantile falls into.
 * @param buckets cumulative counts by upper bound, s, ascending
 * @returns ms
 */
export function percentile(
  buckets: readonly (readonly [bound: number, count: number])[],
  share: number,
): number | undefined {
  const all = buckets.at(-1)?.[1] ?? 0;
  if (all === 0) return undefined;
  const wanted = share * all;
  let [lower, below] = [0, 0];
  for (const [bound, count] of buckets) {
    if (count >= wanted) {
      if (bound === Infinity) return lower * 1000;
      return (lower + ((bound - lower) * (wanted - below)) / Math.max(1, count - below)) * 1000;
    }
    [lower, below] = [bound, count];
  }
  return undefined;
}
