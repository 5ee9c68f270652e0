import { setImmediate as turn } from 'node:timers/promises';
import { deadlineIn } from '#core';
import { FetchSlots, type Claim, type SlotLimits } from './fetch-slots';

const LIMITS: SlotLimits = { atOnce: 6, ofHost: 4, ofCaller: 5, ofRequest: 2, waiting: 10, waitingOfCaller: 8 };

/** Ends what still waits at the end of a test. */
let over: AbortController;

/** Fetches that run until they are told to end. */
class Fetches {
  readonly running: string[] = [];
  private readonly ends = new Map<string, () => void>();
  constructor(readonly slots: FetchSlots) {}

  start(name: string, claim: Partial<Claim>, ms = 60_000, signal = over.signal): Promise<void> {
    const whole = { host: 'a', caller: 'me', request: {}, ...claim };
    const fetching = this.slots.run(whole, { deadline: deadlineIn(ms), signal }, () => {
      this.running.push(name);
      return new Promise<void>((resolve) => this.ends.set(name, resolve));
    });
    fetching.catch(() => undefined);
    return fetching;
  }

  async end(...names: string[]): Promise<void> {
    for (const name of names) {
      this.running.splice(this.running.indexOf(name), 1);
      this.ends.get(name)!();
    }
    await turn();
  }
}

let fetches: Fetches;
beforeEach(() => {
  over = new AbortController();
  fetches = new Fetches(new FetchSlots(LIMITS));
});

afterEach(() => over.abort());

it('one host that hangs leaves slots to others, and so do one caller and one request', async () => {
  for (let i = 0; i < 6; i++) void fetches.start(`hanging ${i}`, { caller: `c${i}` });
  expect(fetches.running).toHaveLength(4);
  void fetches.start('elsewhere', { host: 'b', caller: 'x' });
  expect(fetches.running).toContain('elsewhere');

  fetches = new Fetches(new FetchSlots(LIMITS));
  for (let i = 0; i < 6; i++) void fetches.start(`greedy ${i}`, { host: `h${i}` });
  expect(fetches.running).toHaveLength(5);
  void fetches.start('another', { caller: 'you' });
  expect(fetches.running).toContain('another');

  fetches = new Fetches(new FetchSlots(LIMITS));
  const request = {};
  for (let i = 0; i < 6; i++) void fetches.start(`batch ${i}`, { host: `h${i}`, request });
  expect(fetches.running).toEqual(['batch 0', 'batch 1']);
  void fetches.start('small', {});
  expect(fetches.running).toContain('small');
  await fetches.end('batch 0');
  expect(fetches.running).toContain('batch 2');
});

it('lets the request go first that has least, then who came first', async () => {
  const [large, other] = [{}, {}];
  for (const name of ['1', '2']) void fetches.start(name, { request: large });
  for (const name of ['3', '4']) void fetches.start(name, { request: other });
  for (const name of ['5', '6']) void fetches.start(name, { request: large });
  void fetches.start('7', {});
  void fetches.start('8', {});
  expect(fetches.running).toEqual(['1', '2', '3', '4']);
  await fetches.end('1');
  expect(fetches.running).toEqual(['2', '3', '4', '7']);
  await fetches.end('2', '3');
  expect(fetches.running).toEqual(['4', '7', '5', '8']);
});

it('a wait ends with its deadline, with the reason of its signal, or at once where the line is full', async () => {
  const client = new AbortController();
  for (let i = 0; i < 4; i++) void fetches.start(`hanging ${i}`, {});
  const late = fetches.start('late', {}, 20);
  const left = fetches.start('left', {}, 60_000, client.signal);
  client.abort(new Error('the client left'));
  await expect(left).rejects.toThrow('the client left');
  await expect(late).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  await expect(fetches.start('gone', {}, 60_000, client.signal)).rejects.toThrow('the client left');

  for (let i = 0; i < 8; i++) void fetches.start(`waiting ${i}`, {});
  await expect(fetches.start('one too many', {})).rejects.toMatchObject({ code: 'OVERLOADED', retryAfterSeconds: 2 });
  for (let i = 0; i < 2; i++) void fetches.start(`of others ${i}`, { caller: 'you' });
  await expect(fetches.start('no room', { caller: 'you' })).rejects.toMatchObject({ code: 'OVERLOADED' });
  // Nothing of those who left is counted any more.
  await fetches.end('hanging 0', 'hanging 1', 'hanging 2', 'hanging 3');
  expect(fetches.running).toEqual(['waiting 0', 'waiting 1', 'waiting 2', 'waiting 3']);
});

it('a slot is free again after a fetch that failed', async () => {
  const slots = new FetchSlots({ ...LIMITS, atOnce: 1 });
  const wait = { deadline: deadlineIn(60_000), signal: new AbortController().signal };
  const claim = { host: 'a', caller: 'me', request: {} };
  const results = await Promise.allSettled(
    [0, 1, 2].map((i) =>
      slots.run(claim, wait, () => (i === 1 ? Promise.reject(new Error('no')) : Promise.resolve(i))),
    ),
  );
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});
