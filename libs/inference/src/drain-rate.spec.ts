import { DrainRate } from './drain-rate';

/** When the last batch was answered. */
let now: number;
beforeEach(() => (now = 0));
const msPerImage = (rate: DrainRate): number => rate.msPerUnit(now);

/** Answers `batches` batches of `images`, one every `ms`, each sent while the one before was being worked on. */
function busy(rate: DrainRate, batches: number, images: number, ms: number, from = 0): number {
  now = from;
  for (let i = 0; i < batches; i++) {
    rate.answered(images, now - ms / 2, now + ms);
    now += ms;
  }
  return now;
}

describe('DrainRate', () => {
  it('knows nothing before the first answer', () => {
    expect(new DrainRate().msFor(100, 0)).toBe(0);
  });

  it('takes the time of a batch for a start', () => {
    const rate = new DrainRate();
    rate.answered(4, 1000, 1080);
    expect(msPerImage(rate)).toBe(20);
    expect(rate.msFor(10, 1080)).toBe(200);
  });

  it('learns from answers that follow one another', () => {
    const rate = new DrainRate();
    busy(rate, 50, 8, 40);
    expect(rate.msFor(100, now)).toBeCloseTo(500);
  });

  it('is not made slower by times of little to do, in which a batch takes its time alone', () => {
    const rate = new DrainRate();
    const since = busy(rate, 50, 8, 40);
    for (let i = 1; i <= 50; i++) rate.answered(1, since + i * 1000, since + i * 1000 + 30);
    expect(msPerImage(rate)).toBeCloseTo(5);
  });

  it('forgets how slow the first answers were as soon as there is enough to do', () => {
    const rate = new DrainRate();
    rate.answered(1, 0, 3000);
    busy(rate, 2, 1, 10, 3000);
    expect(msPerImage(rate)).toBeCloseTo(10);
  });

  it('is not misled by one batch that was held up, neither at the start nor later', () => {
    const rate = new DrainRate();
    busy(rate, 1, 1, 20);
    busy(rate, 1, 1, 2000, now);
    expect(msPerImage(rate)).toBeLessThan(40);
    busy(rate, 50, 4, 40, now);
    busy(rate, 1, 4, 2000, now);
    expect(msPerImage(rate)).toBeLessThan(70);
  });

  it('counts images, however they are spread over batches', () => {
    const rate = new DrainRate();
    for (let i = 0; i < 50; i++) busy(rate, 1, i % 2 ? 7 : 1, 40, now);
    expect(msPerImage(rate)).toBeCloseTo(10, 0);
  });

  it('follows a version that becomes slower', () => {
    const rate = new DrainRate();
    const since = busy(rate, 50, 1, 10);
    busy(rate, 50, 1, 30, since);
    expect(msPerImage(rate)).toBeGreaterThan(28);
  });

  it('of two workers counts the answers of both', () => {
    const rate = new DrainRate();
    // Each answers every 20 ms, in turn.
    for (now = 20; now < 2000; now += 10) rate.answered(1, now - 20, now);
    now -= 10;
    expect(msPerImage(rate)).toBeCloseTo(10);
  });

  it('counts work, so that images that are costly to decode do not make the others look slow', () => {
    const rate = new DrainRate();
    // Batches of a large photograph and of small images, 10 ms a unit.
    for (let i = 0; i < 50; i++) busy(rate, 1, i % 2 ? 18 : 4, i % 2 ? 180 : 40, now);
    expect(rate.msFor(1, now)).toBeCloseTo(10);
  });

  it('is not taught by a burst that nobody will be answered in time', () => {
    const rate = new DrainRate();
    busy(rate, 50, 4, 40);
    busy(rate, 3, 1, 5_000, now);
    expect(rate.msFor(1, now)).toBeLessThan(1_000);
  });

  it('forgets a time of trouble when nothing more is heard of it', () => {
    const rate = new DrainRate();
    busy(rate, 50, 4, 40);
    busy(rate, 50, 1, 500, now);
    expect(rate.msFor(1, now)).toBeGreaterThan(400);
    expect(rate.msFor(1, now + 60_000)).toBeCloseTo(10, 0);
  });
});
