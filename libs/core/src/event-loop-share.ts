/** Probes and other requests wait no longer than this, and the last piece, for one turn's share of work. */
const MOST_PER_TURN_MS = 4;
/** Whoever waits by a promise spends its time only after the others have been called, too: so many at a time. */
const PROMISED_PER_TURN = 4;

interface Waiting {
  then: () => void;
  isPromise: boolean;
}

/**
 * What reads large inputs may use of each turn of the event loop, for all requests together: work is done in short pieces, and
 * when the share of a turn is used up, what is left waits for a later turn, first come first served.
 */
export class EventLoopShare {
  private spentMs = 0;
  private isTurnWatched = false;
  private readonly waiting: Waiting[] = [];

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
    this.wait({ then, isPromise: false });
  }

  /** For loops: resolves at once while there is time, else in a later turn. */
  turn(): Promise<void> | undefined {
    return this.hasTime ? undefined : new Promise((then) => this.wait({ then, isPromise: true }));
  }

  private wait(waiting: Waiting): void {
    this.waiting.push(waiting);
    this.watchTurn();
  }

  private watchTurn(): void {
    if (this.isTurnWatched) return;
    this.isTurnWatched = true;
    setImmediate(() => this.nextTurn());
  }

  private nextTurn(): void {
    this.isTurnWatched = false;
    this.spentMs = 0;
    let promised = 0;
    while (promised < PROMISED_PER_TURN && this.spentMs < this.mostPerTurnMs) {
      const next = this.waiting.shift();
      if (!next) break;
      if (next.isPromise) promised++;
      next.then();
    }
    if (this.waiting.length > 0) this.watchTurn();
  }
}

/** That of this process. */
export const eventLoopShare = new EventLoopShare();
