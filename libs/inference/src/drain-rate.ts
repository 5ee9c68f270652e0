/** What a batch counts for when the next one is answered, as a share of what it counted for before. */
const FADING = 0.9;
/** Fewer say too little: the machine may just have had something else to do. */
const ENOUGH_BATCHES = 5;
/** A batch that took so many times as long as it should have says that something held it up, and counts no more than that. */
const MOST_TIMES_SLOWER = 8;
/** After so long without news, half of what a time of trouble has taught is forgotten. */
const HALF_LIFE_MS = 5_000;

/** How fast a version answers when it has enough to do, learnt from the times between its answers. */
export class DrainRate {
  /** Of batches answered while others waited, the last ones counting most. */
  private ms = 0;
  private work = 0;
  private batches = 0;
  /** Until there are enough of them: the best that any batch has shown, milliseconds per unit of work. */
  private best = Infinity;
  /** The best that enough of them have shown. */
  private bestMean = Infinity;
  private lastAnswerAt = -Infinity;

  /**
   * Mean time for one unit of work, an image as a rule, milliseconds; 0 before the first. Without news it goes back to the best
   * that was ever seen: what was learnt in a burst must not turn away those who come after it.
   */
  msPerUnit(now: number): number {
    if (this.batches < ENOUGH_BATCHES) return Number.isFinite(this.best) ? this.best : 0;
    const kept = 0.5 ** (Math.max(0, now - this.lastAnswerAt) / HALF_LIFE_MS);
    return this.bestMean + (this.ms / this.work - this.bestMean) * kept;
  }

  /** @param work in the batch that is answered @param sentAt when it was sent @param now both in milliseconds */
  answered(work: number, sentAt: number, now: number): void {
    // The worker was busy with an earlier batch when this one came: what lies between the two answers is this one's work.
    // Otherwise the time says how long a batch takes, which is more than what it takes when the next one is at hand.
    const isBusy = sentAt <= this.lastAnswerAt;
    let ms = now - Math.max(sentAt, this.lastAnswerAt);
    const usual = this.batches >= ENOUGH_BATCHES ? this.msPerUnit(now) * work : Infinity;
    this.lastAnswerAt = now;
    if (this.batches < ENOUGH_BATCHES) this.best = Math.min(this.best, ms / work);
    if (!isBusy) return;
    ms = Math.min(ms, MOST_TIMES_SLOWER * usual);
    this.batches++;
    this.ms = FADING * this.ms + ms;
    this.work = FADING * this.work + work;
    if (this.batches >= ENOUGH_BATCHES) this.bestMean = Math.min(this.bestMean, this.ms / this.work);
  }

  /** In how many milliseconds so much work will have been done. */
  msFor(work: number, now: number): number {
    return work * this.msPerUnit(now);
  }
}
