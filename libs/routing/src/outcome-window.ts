import { withoutRoutingKey, type SenderCode } from './sender';

/** How a request went that a version has answered. */
export interface Served {
  /** Of the run of the model that it was in, milliseconds. */
  runMs: number;
  /** How much that run had to do: how many requests shared it, each as much as its cost. */
  batchCost: number;
}

/** A run, by one of those whose requests were in it. */
export interface Run extends Served {
  sender: SenderCode;
}

/** Requests of one sender that went well, and that did not. */
export interface Tally {
  good: number;
  bad: number;
}

/** All that is known of the requests that fell into a window. */
export interface Evidence {
  tallies: ReadonlyMap<SenderCode, Tally>;
  /** Of those that went well; a fair sample where there were many. */
  runs: readonly Run[];
}

export const NO_EVIDENCE: Evidence = { tallies: new Map(), runs: [] };

interface Slice {
  /** Seconds. */
  start: number;
  answered: number;
  tallies: Map<SenderCode, Tally>;
  runs: Run[];
}

/** However long a window is, so much of it is kept. */
const SLICES = 20;
/** Of one slice, so many runs are kept; beyond, each has the same chance to be among them. */
const RUNS_PER_SLICE = 100;
/** Beyond so many senders in a slice, a caller's routing keys are told apart no longer: 128 callers more at the most. */
const SENDERS_PER_SLICE = 100;

/** The outcomes of the last `span` seconds, slice by slice: a twentieth of it, and at least a second. */
export class OutcomeWindow {
  private slices: Slice[] = [];
  private readonly sliceSeconds: number;

  /** @param span seconds */
  constructor(
    private readonly span: number,
    private readonly random: () => number = Math.random,
  ) {
    this.sliceSeconds = Math.ceil(span / SLICES);
  }

  /** @param now seconds @param served null for a failed request */
  add(now: number, served: Served | null, sender: SenderCode): void {
    const start = Math.floor(now / this.sliceSeconds) * this.sliceSeconds;
    let last = this.slices.at(-1);
    if (last?.start !== start) {
      this.forget(now);
      this.slices.push((last = { start, answered: 0, tallies: new Map(), runs: [] }));
    }
    const code = count(last.tallies, sender, served === null ? 'bad' : 'good', SENDERS_PER_SLICE);
    if (served !== null) keep(last.runs, { ...served, sender: code }, ++last.answered, this.random);
  }

  /** Forgets what is older than the window; the rest. */
  evidence(now: number): Evidence {
    this.forget(now);
    return { tallies: mergeTallies(this.slices), runs: this.slices.flatMap(({ runs }) => runs) };
  }

  private forget(now: number): void {
    this.slices = this.slices.filter(({ start }) => start > now - this.span);
  }
}

/**
 * One request more of a sender.
 * @param most from so many senders on, a new one's routing key is forgotten: the tallies are of so many and of all callers at the most
 * @returns as whom it has been counted
 */
export function count(
  tallies: Map<SenderCode, Tally>,
  sender: SenderCode,
  what: keyof Tally,
  most: number,
): SenderCode {
  const code = tallies.has(sender) || tallies.size < most ? sender : withoutRoutingKey(sender);
  const tally = tallies.get(code);
  if (tally) tally[what]++;
  else tallies.set(code, { good: 0, bad: 0, [what]: 1 });
  return code;
}

export function mergeTallies(parts: readonly Pick<Evidence, 'tallies'>[]): Map<SenderCode, Tally> {
  const merged = new Map<SenderCode, Tally>();
  for (const { tallies } of parts) {
    for (const [sender, { good, bad }] of tallies) {
      const known = merged.get(sender);
      if (known) {
        known.good += good;
        known.bad += bad;
      } else merged.set(sender, { good, bad });
    }
  }
  return merged;
}

/** Reservoir sampling (Vitter 1985, algorithm R): `seen` counts this one, too. */
function keep<T>(sample: T[], value: T, seen: number, random: () => number): void {
  if (sample.length < RUNS_PER_SLICE) sample.push(value);
  else {
    const place = Math.floor(random() * seen);
    if (place < RUNS_PER_SLICE) sample[place] = value;
  }
}
