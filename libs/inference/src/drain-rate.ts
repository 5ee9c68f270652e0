/** What a batch counts for when the next one is answered, as a share of what it counted for before. */
const FADING = 0.9;
/** Fewer say too little: the machine may just have had something else to do. */
const ENOUGH_BATCHES = 5;

/** How fast a version answers when it has enough to do, learnt from the times between its answers. */
export class DrainRate {
  /** Of batches answered while others waited, the last ones counting most. */
  private ms = 0;
  private images = 0;
  private batches = 0;
  /** Until there are enough of them: the best that any batch has shown, milliseconds per image. */
  private best = Infinity;
  private lastAnswerAt = -Infinity;

  /** Mean time from one answered image to the next, milliseconds; 0 before the first. */
  get msPerImage(): number {
    if (this.batches >= ENOUGH_BATCHES) return this.ms / this.images;
    return Number.isFinite(this.best) ? this.best : 0;
  }

  /** @param images in the batch that is answered @param sentAt when it was sent @param now both in milliseconds */
  answered(images: number, sentAt: number, now: number): void {
    // The worker was busy with an earlier batch when this one came: what lies between the two answers is this one's work.
    // Otherwise the time says how long a batch takes, which is more than what it takes when the next one is at hand.
    const isBusy = sentAt <= this.lastAnswerAt;
    const ms = now - Math.max(sentAt, this.lastAnswerAt);
    this.lastAnswerAt = now;
    if (this.batches < ENOUGH_BATCHES) this.best = Math.min(this.best, ms / images);
    if (!isBusy) return;
    this.batches++;
    this.ms = FADING * this.ms + ms;
    this.images = FADING * this.images + images;
  }

  /** In how many milliseconds so many images will have been answered. */
  msFor(images: number): number {
    return images * this.msPerImage;
  }
}
