import { EyrieError, type Limit } from '#core';

/** A body without a length must find so much free before its first byte. */
const FIRST_PIECE = 64 * 1024;
/** A body is not called slow before. */
const GRACE_MS = 1_000;
/** One that has sent nothing for so long is, at any pace. */
const STALL_MS = 2_000;
/** How often those that are slow are looked for. */
const SEARCH_MS = 100;

/**
 * The bytes of all request bodies that are held at the same time, those that have come and those that are announced. A body
 * that does not fit is refused before it is read. What is announced and does not come keeps nobody out for long: when
 * room is short, bodies that stand still, or will not be there in time at the pace at which they come, have to go.
 */
export class BodyBudget {
  private readonly leases = new Set<BodyLease>();
  private held = 0;
  private searchAgainAt = 0;

  /** @param timeoutMs within which a body has to arrive */
  constructor(
    readonly limit: number,
    private readonly timeoutMs: number,
    readonly now: () => number = () => performance.now(),
  ) {}

  get used(): number {
    return this.held;
  }

  /**
   * @param announced bytes of the body; undefined where nobody knows: such a body takes as it comes
   * @param onRevoked is told when the body must not be read any further
   * @throws EyrieError OVERLOADED
   */
  lease(announced: number | undefined, onRevoked: (reason: EyrieError) => void): BodyLease {
    const wanted = announced ?? FIRST_PIECE;
    if (wanted > this.free && !this.makeRoom(wanted)) throw this.isFull();
    const lease = new BodyLease(this, announced ?? 0, this.now(), onRevoked);
    this.held += lease.bytes;
    this.leases.add(lease);
    return lease;
  }

  /** Called by the lease. @throws EyrieError OVERLOADED */
  grow(lease: BodyLease, by: number): void {
    if (by > this.free && !this.makeRoom(by, lease)) throw this.isFull();
    this.held += by;
  }

  /** Called by the lease. The only one that holds anything always has room, or it never would. @throws EyrieError OVERLOADED */
  growByAnswer(lease: BodyLease, by: number): void {
    if (by > this.free && this.held > lease.bytes && !this.makeRoom(by, lease)) throw this.isFull();
    this.held += by;
  }

  /** Called by the lease, once. */
  giveBack(lease: BodyLease): void {
    if (this.leases.delete(lease)) this.held -= lease.bytes;
  }

  private get bound(): Limit {
    return { setting: 'BODY_BUDGET_BYTES', value: this.limit };
  }

  private get free(): number {
    return this.limit - this.held;
  }

  private makeRoom(wanted: number, except?: BodyLease): boolean {
    const now = this.now();
    if (now < this.searchAgainAt) return false;
    this.searchAgainAt = now + SEARCH_MS;
    for (const lease of this.leases) {
      if (wanted <= this.free) break;
      if (lease !== except && lease.isBehind(now, this.timeoutMs)) lease.revoke(tooSlow(this.bound));
    }
    return wanted <= this.free;
  }

  private isFull(): EyrieError {
    const detail = 'the requests that are under way hold as many bytes as there is room for; try again later';
    return new EyrieError('OVERLOADED', detail, { bound: this.bound, retryAfterSeconds: 1 });
  }
}

/** What one body holds of the budget, until its request is over. */
export class BodyLease {
  private arrived = 0;
  private lastAt: number;
  private isWhole = false;
  private isOver = false;

  constructor(
    private readonly budget: BodyBudget,
    /** Held, be it there or announced. */
    public bytes: number,
    private readonly since: number,
    private readonly onRevoked: (reason: EyrieError) => void,
  ) {
    this.lastAt = since;
  }

  /** @throws EyrieError OVERLOADED when there is no room for more than was announced */
  take(bytes: number): void {
    if (this.isOver) return;
    this.arrived += bytes;
    this.lastAt = this.budget.now();
    const more = this.arrived - this.bytes;
    if (more <= 0) return;
    this.budget.grow(this, more);
    this.bytes += more;
  }

  /** The answer is held beside the body, until the client has it. @throws EyrieError OVERLOADED when there is no room for it */
  answer(bytes: number): void {
    if (this.isOver) return;
    this.budget.growByAnswer(this, bytes);
    this.bytes += bytes;
  }

  /** All of it is there; it is held until it has been answered. */
  whole(): void {
    this.isWhole = true;
  }

  /** Not on the way to be there in time: less has come than would have at an even pace, or nothing for a while. */
  isBehind(now: number, timeoutMs: number): boolean {
    if (this.isWhole) return false;
    if (now - this.lastAt > STALL_MS) return true;
    const elapsed = now - this.since;
    return elapsed > GRACE_MS && this.arrived < this.bytes * Math.min(1, elapsed / timeoutMs);
  }

  revoke(reason: EyrieError): void {
    this.release();
    this.onRevoked(reason);
  }

  /** Any number of times. */
  release(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.budget.giveBack(this);
  }
}

function tooSlow(bound: Limit): EyrieError {
  const detail = 'the body comes too slowly while others wait for the room that it holds; try again later';
  return new EyrieError('OVERLOADED', detail, { bound, retryAfterSeconds: 2 });
}
