/** Probes and other requests wait no longer than this, and the last piece, for one turn's share of work. */
const MOST_PER_TURN_MS = 4;
/** Who is called back by a promise spends its time only after the others have been called, too. */
const CALLED_PER_TURN = 4;

/**
 * What reads large inputs may use of each turn of the event loop, for all requests together: work is done in short pieces, and
 * when the share of a turn is used up, what is left waits for a later turn, first come first served.
 */
export class EventLoopShare {
  private spentMs = 0;
  private isTurnWatched = false;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly mostPerTurnMs = MOST_PER_TURN_MS,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Whether a piece may be done now. Nobody overtakes those who wait. */
  get hasTime(): boolean {
    return this.waiting.length === 0 && this.spentMs < this.mostPerTurnMs;
  }

  /** Does a piece of work, which should take a millisecond at the most. @throws what the piece does */
  spend(piece: () => void): void {
    this.watchTurn();
    const started = this.now();
    try {
      piece();
    } finally {
      this.spentMs += this.now() - started;
    }
  }

  /** Calls back in a turn that has time left. It must do one piece at the most before it looks at `hasTime` again. */
  later(then: () => void): void {
    this.waiting.push(then);
    this.watchTurn();
  }

  /** For loops: resolves at once while there is time, else in a later turn. */
  turn(): Promise<void> | undefined {
    return this.hasTime ? undefined : new Promise((resolve) => this.later(resolve));
  }

  private watchTurn(): void {
    if (this.isTurnWatched) return;
    this.isTurnWatched = true;
    setImmediate(() => this.nextTurn());
  }

  private nextTurn(): void {
    this.isTurnWatched = false;
    this.spentMs = 0;
    for (let called = 0; called < CALLED_PER_TURN && this.spentMs < this.mostPerTurnMs; called++) {
      this.waiting.shift()?.();
    }
    if (this.waiting.length > 0) this.watchTurn();
  }
}

/** That of this process. */
export const eventLoopShare = new EventLoopShare();
