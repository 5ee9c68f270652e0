import { EyrieError, msUntil, waitWithin } from '#core';

/** What is counted of a fetch: nobody may have more than a share of the slots. */
export interface Claim {
  /** Host and port. */
  host: string;
  /** Who asks: an API key or an address. */
  caller: string;
  /** The request that asks, whatever object stands for it. */
  request: object;
}

export interface SlotLimits {
  /** Fetches at a time, of all, and of one host, caller or request. */
  atOnce: number;
  ofHost: number;
  ofCaller: number;
  ofRequest: number;
  /** Fetches that wait, of all and of one caller. */
  waiting: number;
  waitingOfCaller: number;
}

interface Waiting {
  claim: Claim;
  start: () => void;
}

/**
 * Lets only so many fetches run at a time, and no host that hangs, no caller and no request have all of them. The others wait in
 * a line of limited length, until their own deadlines; from it the request goes first that has least, then who came first.
 */
export class FetchSlots {
  private running = 0;
  private readonly ofHost = new Map<string, number>();
  private readonly ofCaller = new Map<string, number>();
  private readonly ofRequest = new Map<object, number>();
  private readonly waitingOfCaller = new Map<string, number>();
  private waiting: Waiting[] = [];

  constructor(private readonly limits: SlotLimits) {}

  /**
   * @param deadline of the wait for a slot, on performance.now()'s clock
   * @throws EyrieError OVERLOADED where the line is full, DEADLINE_EXCEEDED; the signal's reason; what the task throws
   */
  async run<T>(
    claim: Claim,
    { deadline, signal }: { deadline: number; signal: AbortSignal },
    task: () => Promise<T>,
  ): Promise<T> {
    if (this.mayStart(claim)) this.count(claim, 1);
    else await this.waitFor(claim, deadline, signal);
    try {
      return await task();
    } finally {
      this.count(claim, -1);
      this.startNext();
    }
  }

  private async waitFor(claim: Claim, deadline: number, signal: AbortSignal): Promise<void> {
    const { waiting, waitingOfCaller } = this.limits;
    const ofCaller = this.waitingOfCaller.get(claim.caller) ?? 0;
    if (this.waiting.length >= waiting || ofCaller >= waitingOfCaller) {
      const detail = 'too many images are being fetched by URL; send the image itself, or try again later';
      throw new EyrieError('OVERLOADED', detail, { bound: 'fixed', retryAfterSeconds: 2 });
    }
    let entry: Waiting | undefined;
    const started = new Promise<void>((resolve) => {
      entry = { claim, start: resolve };
      this.waiting.push(entry);
    });
    add(this.waitingOfCaller, claim.caller, 1);
    const onExpiry = (): EyrieError =>
      new EyrieError(
        'DEADLINE_EXCEEDED',
        'the image was not fetched in time: too many others are, from there or for you',
        { bound: 'deadline' },
      );
    // Given up at once: a slot that became free meanwhile would be lost.
    const leave = (): void => {
      const at = this.waiting.indexOf(entry!);
      if (at >= 0) this.waiting.splice(at, 1);
      else this.count(claim, -1);
      this.startNext();
    };
    try {
      await waitWithin({ ms: msUntil(deadline), signal, onExpiry }, started, leave);
    } finally {
      add(this.waitingOfCaller, claim.caller, -1);
    }
  }

  private startNext(): void {
    for (let next = this.next(); next !== undefined; next = this.next()) {
      const [{ claim, start }] = this.waiting.splice(next, 1) as [Waiting];
      this.count(claim, 1);
      start();
    }
  }

  private next(): number | undefined {
    if (this.running >= this.limits.atOnce) return undefined;
    let best: number | undefined;
    let least = Infinity;
    for (const [index, { claim }] of this.waiting.entries()) {
      const running = this.ofRequest.get(claim.request) ?? 0;
      if (running >= least || !this.mayStart(claim)) continue;
      [best, least] = [index, running];
      if (running === 0) break;
    }
    return best;
  }

  private mayStart({ host, caller, request }: Claim): boolean {
    const { limits } = this;
    return (
      this.running < limits.atOnce &&
      (this.ofHost.get(host) ?? 0) < limits.ofHost &&
      (this.ofCaller.get(caller) ?? 0) < limits.ofCaller &&
      (this.ofRequest.get(request) ?? 0) < limits.ofRequest
    );
  }

  private count({ host, caller, request }: Claim, change: 1 | -1): void {
    this.running += change;
    add(this.ofHost, host, change);
    add(this.ofCaller, caller, change);
    add(this.ofRequest, request, change);
  }
}

/** What is at 0 is not kept. */
function add<Key>(counts: Map<Key, number>, key: Key, change: number): void {
  const count = (counts.get(key) ?? 0) + change;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}
