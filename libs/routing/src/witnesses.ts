import type { Evidence, Tally } from './outcome-window';
import { callerAlone, callerOf, routingKeyOf, type SenderCode } from './sender';

/** Who is heard as one; undefined for requests that nobody had a choice in where they go, which are heard one by one. */
export type WitnessOf = (sender: SenderCode) => Witness | undefined;

/** As a sender's code: a caller, or a caller and a number of its keys. */
export type Witness = SenderCode;

/** Fewer requests than this say nothing by themselves, whatever became of them: failures often come several at once. */
export const FEW = 20;

/**
 * Who sends a routing key may have chosen it, and so the variant. So a key is one witness, however often it is sent. A caller that
 * invents keys until they fall on the variant has many, but hardly any on the others: of its keys here no more are told apart than
 * chance would have put here, by those that it has elsewhere (and two standard deviations; at least one). A gateway that
 * hands on its users' keys has them everywhere.
 * @param odds how many keys chance puts here for one elsewhere
 */
export function witnessesByRoutingKey(
  here: Evidence['tallies'],
  elsewhere: Evidence['tallies'],
  odds: number,
): WitnessOf {
  const [ours, theirs] = [keysByCaller(here), keysByCaller(elsewhere)];
  return (sender) => {
    const key = routingKeyOf(sender);
    if (key === undefined) return undefined;
    const caller = callerOf(sender);
    const expected = (theirs.get(caller)?.size ?? 0) * odds;
    const toldApart = Math.floor(1 + expected + 2 * Math.sqrt(expected));
    return sender - key + (Math.floor(ours.get(caller)!.get(key)! % toldApart) || 0);
  };
}

/**
 * Each caller is one witness, whatever keys it sends; but a gateway, with so large a share of all, is all its users, who are told
 * apart by their keys, if they send any.
 */
export function witnessesByCaller(tallies: Evidence['tallies'], gatewayShare: number): WitnessOf {
  const byCaller = new Map<number, number>();
  for (const [sender, tally] of tallies) {
    byCaller.set(callerOf(sender), (byCaller.get(callerOf(sender)) ?? 0) + size(tally));
  }
  const gateway = size(total(tallies.values())) * gatewayShare;
  return (sender) => {
    const caller = callerOf(sender);
    if (byCaller.get(caller)! < gateway) return callerAlone(sender);
    return routingKeyOf(sender) === undefined ? undefined : sender;
  };
}

/** The keys of each caller, numbered. */
function keysByCaller(tallies: Evidence['tallies']): Map<number, Map<number, number>> {
  const keys = new Map<number, Map<number, number>>();
  for (const sender of tallies.keys()) {
    const key = routingKeyOf(sender);
    if (key === undefined) continue;
    const caller = callerOf(sender);
    let ofCaller = keys.get(caller);
    if (!ofCaller) keys.set(caller, (ofCaller = new Map<number, number>()));
    ofCaller.set(key, ofCaller.size);
  }
  return keys;
}

export interface Trimmed {
  /** Of the witnesses that are heard. */
  heard: Tally;
  /** Those that are not. */
  leftOut: ReadonlySet<Witness | undefined>;
  /** Nobody else has been heard but this one witness. */
  isSole: boolean;
}

/**
 * Leaves out the witness with the most bad and the one with the most good, so that no verdict, of either kind, hangs on one of them
 * (a trimmed mean, by witnesses). Who is alone is heard, and so is everybody where all but one are too few to say anything
 * and do not contradict.
 * @param few so many, or more, say something
 */
export function trim(tallies: Evidence['tallies'], witnessOf: WitnessOf, few = FEW): Trimmed {
  const witnesses = new Map<Witness, Tally>();
  for (const [sender, { good, bad }] of tallies) {
    const witness = witnessOf(sender);
    if (witness === undefined) continue;
    const known = witnesses.get(witness);
    if (known) {
      known.good += good;
      known.bad += bad;
    } else witnesses.set(witness, { good, bad });
  }
  const all = total(tallies.values());
  const leftOut = new Set<Witness>();
  const worst = most(witnesses, 'bad');
  let heard = all;
  if (worst !== undefined) {
    heard = minus(all, witnesses.get(worst)!);
    if (size(heard) < few && heard.bad >= heard.good) return { heard: all, leftOut, isSole: size(heard) === 0 };
    leftOut.add(worst);
    witnesses.delete(worst);
  }
  const best = most(witnesses, 'good');
  if (best === undefined) return { heard, leftOut, isSole: false };
  const others = minus(heard, witnesses.get(best)!);
  if (size(others) === 0) return { heard, leftOut, isSole: true };
  return { heard: others, leftOut: leftOut.add(best), isSole: false };
}

function most(witnesses: ReadonlyMap<Witness, Tally>, what: keyof Tally): Witness | undefined {
  let found: Witness | undefined;
  for (const [witness, tally] of witnesses) {
    if (tally[what] > (found === undefined ? 0 : witnesses.get(found)![what])) found = witness;
  }
  return found;
}

export function total(tallies: Iterable<Tally>): Tally {
  const sum = { good: 0, bad: 0 };
  for (const { good, bad } of tallies) {
    sum.good += good;
    sum.bad += bad;
  }
  return sum;
}

export function size({ good, bad }: Tally): number {
  return good + bad;
}

function minus(all: Tally, part: Tally): Tally {
  return { good: all.good - part.good, bad: all.bad - part.bad };
}
