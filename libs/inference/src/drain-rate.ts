/** Weight of a batch in the exponential mean. */
const WEIGHT = 0.1;

/** How fast a version answers when it has enough to do, learnt from the times between its answers. */
export class DrainRate {
  private ms: number | undefined;
  private wasBusy = false;
  private lastAnswerAt = -Infinity;

  /** Mean time from one answered image to the next, milliseconds; 0 before the first. */
  get msPerImage(): number {
    return this.ms ?? 0;
  }

  /** @param images in the batch that is answered @param sentAt when it was sent @param now both in milliseconds */
  answered(images: number, sentAt: number, now: number): void {
    // The worker was busy with an earlier batch when this one came: what lies between the two answers is this one's work.
    // Otherwise the time says how long a batch takes, which is more than what it takes when the next one is at hand.
    const busy = sentAt <= this.lastAnswerAt;
    const sample = (now - Math.max(sentAt, this.lastAnswerAt)) / images;
    this.lastAnswerAt = now;
    if (this.wasBusy && !busy) return;
    this.ms = this.ms === undefined || busy !== this.wasBusy ? sample : this.ms + WEIGHT * (sample - this.ms);
    this.wasBusy = busy;
  }

  /** In how many milliseconds so many images will have been answered. */
  msFor(images: number): number {
    return images * this.msPerImage;
  }
}
