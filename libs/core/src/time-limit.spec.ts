import { getEventListeners } from 'node:events';
import { createServer, connect, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { resolvesWithin, type TimeLimit, waitWithin, withTimeLimit } from './time-limit';

const never = new Promise<never>(() => undefined);
const late = new Error('too late');
const within = (ms: number, signal?: AbortSignal): TimeLimit => ({ ms, signal, onExpiry: () => late });

/** Work that ends with an error of its own when it is told to. */
const obedient = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('cut off'))));

const WAYS: [string, (limit: TimeLimit, outcome: Promise<unknown>) => Promise<unknown>][] = [
  ['a wait', waitWithin],
  ['work', (limit, outcome) => withTimeLimit(limit, (signal) => Promise.race([outcome, obedient(signal)]))],
];

describe.each(WAYS)('the limit of %s', (_, start) => {
  it('is nothing to what is done in time', async () => {
    await expect(start(within(60_000), Promise.resolve('done'))).resolves.toBe('done');
    await expect(start(within(60_000), Promise.reject(new Error('failed')))).rejects.toThrow('failed');
  });

  it('ends it when the time is up, not before', async () => {
    const since = performance.now();
    await expect(start(within(50), never)).rejects.toBe(late);
    expect(performance.now() - since).toBeGreaterThanOrEqual(49);
    expect(performance.now() - since).toBeLessThan(5_000);
  });

  it('makes no error before it is needed', async () => {
    const onExpiry = jest.fn();
    await start({ ms: 60_000, onExpiry }, Promise.resolve());
    const gone = start({ ms: 60_000, signal: AbortSignal.timeout(10), onExpiry }, never);
    await expect(gone).rejects.toHaveProperty('name', 'TimeoutError');
    expect(onExpiry).not.toHaveBeenCalled();
  });

  it.each([Infinity, 2 ** 31, 1e12])('of %d ms is not over at once', async (ms) => {
    await expect(start(within(ms), sleep(20, 'done'))).resolves.toBe('done');
  });

  it('is reached when its signal aborts, and has that reason', async () => {
    const leaving = new AbortController();
    const gone = start(within(60_000, leaving.signal), never);
    leaving.abort(new Error('left'));
    await expect(gone).rejects.toThrow('left');
  });

  it('that was reached before it began is reached', async () => {
    const gone = AbortSignal.abort(new Error('long gone'));
    await expect(start(within(60_000, gone), never)).rejects.toThrow('long gone');
  });

  it('leaves no timer behind', async () => {
    const started = jest.spyOn(global, 'setTimeout');
    const cleared = jest.spyOn(global, 'clearTimeout');
    const leaving = new AbortController();
    await start(within(54_321), Promise.resolve());
    await start(within(54_321), Promise.reject(new Error('failed'))).catch(() => undefined);
    const gone = start(within(54_321, leaving.signal), never);
    leaving.abort();
    await gone.catch(() => undefined);
    const timers = started.mock.results.filter((_, i) => started.mock.calls[i]![1] === 54_321);
    expect(timers).toHaveLength(3);
    for (const { value } of timers) expect(cleared).toHaveBeenCalledWith(value);
    jest.restoreAllMocks();
  });

  it('leaves no listener on a signal that outlives it', async () => {
    const { signal } = new AbortController();
    await start(within(60_000, signal), Promise.resolve());
    await start(within(60_000, signal), Promise.reject(new Error('failed'))).catch(() => undefined);
    await start(within(5, signal), never).catch(() => undefined);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('counts what has come while the process was busy', async () => {
    const server = createServer((socket) => socket.end('here')).listen(0, '127.0.0.1');
    try {
      await new Promise((resolve) => server.once('listening', resolve));
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
      // A turn of the loop later there is a connection, whose bytes are read in the turn after the busy one.
      const word = new Promise((resolve) => socket.once('data', (bytes) => resolve(String(bytes))));
      await new Promise((resolve) => server.once('connection', resolve));
      const answer = start(within(30), word);
      for (const until = performance.now() + 60; performance.now() < until;);
      await expect(answer).resolves.toBe('here');
    } finally {
      server.close();
    }
  });
});

describe('work with a limit', () => {
  it('has ended when its end is told', async () => {
    let ended = false;
    const work = async (signal: AbortSignal): Promise<void> => {
      await obedient(signal).catch(() => sleep(30));
      ended = true;
      throw new Error('cut off');
    };
    await expect(withTimeLimit(within(10), work)).rejects.toBe(late);
    expect(ended).toBe(true);
  });

  it('that is done at the last moment is done', async () => {
    const work = (signal: AbortSignal) => obedient(signal).catch(() => 'done');
    await expect(withTimeLimit(within(10), work)).resolves.toBe('done');
  });

  it('goes on for as long as its time begins anew, and not longer', async () => {
    const since = performance.now();
    const work = async (signal: AbortSignal, restart: () => void) => {
      for (let i = 0; i < 4; i++) {
        await sleep(50);
        restart();
      }
      return obedient(signal);
    };
    await expect(withTimeLimit(within(150), work)).rejects.toBe(late);
    expect(performance.now() - since).toBeGreaterThanOrEqual(345);
  });

  it('does not begin for whom nobody waits', async () => {
    const work = jest.fn();
    await expect(withTimeLimit(within(10, AbortSignal.abort()), work)).rejects.toHaveProperty('name', 'AbortError');
    expect(work).not.toHaveBeenCalled();
  });
});

describe('a wait that is given up', () => {
  it('is told of at once and once, with the reason', () => {
    const leaving = new AbortController();
    const onGiveUp = jest.fn();
    const wait = waitWithin(within(60_000, leaving.signal), never, onGiveUp);
    wait.catch(() => undefined);
    leaving.abort('left');
    expect(onGiveUp.mock.calls).toEqual([['left']]);
  });

  it('is not told of when there was an outcome', async () => {
    const onGiveUp = jest.fn();
    await waitWithin(within(60_000), Promise.resolve(), onGiveUp);
    await waitWithin(within(60_000), Promise.reject(new Error('failed')), onGiveUp).catch(() => undefined);
    expect(onGiveUp).not.toHaveBeenCalled();
  });
});

it('what fails when nobody waits for it any more does not end the process', async () => {
  const unheard = Promise.reject(new Error('unheard'));
  await expect(waitWithin(within(10, AbortSignal.abort('gone')), unheard)).rejects.toBe('gone');
  let fail!: (error: Error) => void;
  const slow = new Promise((_, reject) => (fail = reject));
  await expect(waitWithin(within(5), slow)).rejects.toBe(late);
  fail(new Error('unheard'));
  await sleep(5);
});

it('what resolves in time does so, what does not does not, and what fails fails', async () => {
  expect(await resolvesWithin(60_000, Promise.resolve())).toBe(true);
  expect(await resolvesWithin(10, never)).toBe(false);
  expect(await resolvesWithin(0, never)).toBe(false);
  await expect(resolvesWithin(60_000, Promise.reject(new Error('failed')))).rejects.toThrow('failed');
});
