import { EyrieError } from '#core';
import { Flights, type Shared, type Waiter } from './flights';

/** A computation that ends when the test says so. */
class Computation {
  starts = 0;
  shared!: Shared;
  resolve!: (value: string) => void;
  reject!: (error: Error) => void;

  readonly run = (shared: Shared): Promise<string> => {
    this.starts++;
    this.shared = shared;
    return new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
      shared.signal.addEventListener('abort', () => reject(shared.signal.reason as Error));
    });
  };
}

const patient = (): Waiter => ({ deadline: performance.now() + 60_000, signal: new AbortController().signal });

let flights: Flights<string>;
let computation: Computation;
beforeEach(() => {
  flights = new Flights();
  computation = new Computation();
});
// Whoever still waits has a timer.
afterEach(() => computation.resolve?.('over'));

const ask = (key = 'a', waiter = patient()) => flights.run(key, 1, waiter, computation.run);

describe('what several ask for at the same time', () => {
  it('is computed once, and all have the answer', async () => {
    const asked = [ask(), ask(), ask()];
    expect(asked.map(({ joined }) => joined)).toEqual([false, true, true]);
    computation.resolve('answer');
    expect(await Promise.all(asked.map(({ result }) => result))).toEqual(['answer', 'answer', 'answer']);
    expect(computation.starts).toBe(1);
  });

  it('is computed anew when it is asked for after the answer', async () => {
    const first = ask();
    computation.resolve('answer');
    await first.result;
    expect(ask().joined).toBe(false);
    expect(computation.starts).toBe(2);
  });

  it('fails for all of them, and is tried anew afterwards', async () => {
    const asked = [ask(), ask()];
    computation.reject(new Error('no luck'));
    for (const { result } of asked) await expect(result).rejects.toThrow('no luck');
    expect(flights.size).toBe(0);
    expect(ask().joined).toBe(false);
  });

  it('is not mixed up with what has another key', async () => {
    const a = flights.run('a', 1, patient(), () => Promise.resolve('for a'));
    const b = flights.run('b', 1, patient(), () => Promise.resolve('for b'));
    expect(await Promise.all([a.result, b.result])).toEqual(['for a', 'for b']);
  });
});

describe('one that leaves', () => {
  it.each([0, 1, 2])('by disconnecting does not take the others with it: the one at place %i', async (place) => {
    const leaving = new AbortController();
    const results = [0, 1, 2].map((i) => ask('a', i === place ? { ...patient(), signal: leaving.signal } : patient()));
    leaving.abort(new Error('left'));
    await expect(results[place]!.result).rejects.toThrow('left');
    expect(computation.shared.signal.aborted).toBe(false);
    computation.resolve('answer');
    for (const [i, { result }] of results.entries()) if (i !== place) expect(await result).toBe('answer');
  });

  it('because its time is up has DEADLINE_EXCEEDED, and the others have their answer', async () => {
    const hasty = ask('a', { ...patient(), deadline: performance.now() + 20 });
    const other = ask();
    await expect(hasty.result).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    computation.resolve('answer');
    expect(await other.result).toBe('answer');
  });

  it('as the last one ends the computation, with its reason', async () => {
    const leaving = [new AbortController(), new AbortController()];
    const results = leaving.map(({ signal }) => ask('a', { ...patient(), signal }).result);
    leaving[0]!.abort(new Error('first'));
    await expect(results[0]).rejects.toThrow('first');
    leaving[1]!.abort(new Error('second'));
    await expect(results[1]).rejects.toThrow('second');
    expect(computation.shared.signal.reason).toEqual(new Error('second'));
  });

  it('as the last one leaves nothing that a later one could join', async () => {
    const leaving = new AbortController();
    const { result } = ask('a', { ...patient(), signal: leaving.signal });
    leaving.abort(new Error('left'));
    expect(ask().joined).toBe(false);
    expect(computation.starts).toBe(2);
    await expect(result).rejects.toThrow('left');
  });

  it('before it has asked is told so', async () => {
    const { result } = ask('a', { ...patient(), signal: AbortSignal.abort(new Error('long gone')) });
    await expect(result).rejects.toThrow('long gone');
    expect(flights.size).toBe(0);
  });
});

it('has the latest deadline of all who wait', async () => {
  const now = performance.now();
  const asked = [now + 5_000, now + 9_000, now + 7_000].map((deadline) => ask('a', { ...patient(), deadline }));
  expect(computation.shared.deadline).toBe(now + 9_000);
  computation.reject(new EyrieError('INTERNAL', 'over'));
  await Promise.allSettled(asked.map(({ result }) => result));
});
