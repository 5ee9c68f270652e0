import { DrainRate } from './drain-rate';

/** Answers `batches` batches of `images`, one every `ms`, each sent while the one before was being worked on. */
function busy(rate: DrainRate, batches: number, images: number, ms: number, from = 0): number {
  let now = from;
  for (let i = 0; i < batches; i++) {
    rate.answered(images, now - ms / 2, now + ms);
    now += ms;
  }
  return now;
}

describe('DrainRate', () => {
  it('knows nothing before the first answer', () => {
    expect(new DrainRate().msFor(100)).toBe(0);
  });

  it('takes the time of a batch for a start', () => {
    const rate = new DrainRate();
    rate.answered(4, 1000, 1080);
    expect(rate.msPerImage).toBe(20);
    expect(rate.msFor(10)).toBe(200);
  });

  it('learns from answers that follow one another', () => {
    const rate = new DrainRate();
    busy(rate, 50, 8, 40);
    expect(rate.msFor(100)).toBeCloseTo(500);
  });

  it('is not made slower by times of little to do, in which a batch takes its time alone', () => {
    const rate = new DrainRate();
    const now = busy(rate, 50, 8, 40);
    for (let i = 1; i <= 50; i++) rate.answered(1, now + i * 1000, now + i * 1000 + 30);
    expect(rate.msPerImage).toBeCloseTo(5);
  });

  it('forgets how slow the first answers were as soon as there is enough to do', () => {
    const rate = new DrainRate();
    rate.answered(1, 0, 3000);
    busy(rate, 2, 1, 10, 3000);
    expect(rate.msPerImage).toBeCloseTo(10);
  });

  it('is not misled by one batch that was held up, neither at the start nor later', () => {
    const rate = new DrainRate();
    let now = busy(rate, 1, 1, 20);
    now = busy(rate, 1, 1, 2000, now);
    expect(rate.msPerImage).toBeLessThan(40);
    now = busy(rate, 50, 4, 40, now);
    busy(rate, 1, 4, 2000, now);
    expect(rate.msPerImage).toBeLessThan(70);
  });

  it('counts images, however they are spread over batches', () => {
    const rate = new DrainRate();
    let now = 0;
    for (let i = 0; i < 50; i++) now = busy(rate, 1, i % 2 ? 7 : 1, 40, now);
    expect(rate.msPerImage).toBeCloseTo(10, 0);
  });

  it('follows a version that becomes slower', () => {
    const rate = new DrainRate();
    const now = busy(rate, 50, 1, 10);
    busy(rate, 50, 1, 30, now);
    expect(rate.msPerImage).toBeGreaterThan(28);
  });

  it('of two workers counts the answers of both', () => {
    const rate = new DrainRate();
    // Each answers every 20 ms, in turn.
    for (let at = 20; at < 2000; at += 10) rate.answered(1, at - 20, at);
    expect(rate.msPerImage).toBeCloseTo(10);
  });
});
