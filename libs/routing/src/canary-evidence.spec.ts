import type { CanaryRules } from '#registry';
import { decide } from './canary-decision';
import { compareAll, compareTrimmed } from './canary-evidence';
import { OutcomeWindow } from './outcome-window';
import { senderCode } from './sender';
import { chooseVariant } from './split';

const GUARD: CanaryRules = {
  variant: 'canary',
  window_s: 60,
  min_requests: 100,
  max_error_rate: 0.02,
  max_p95_ratio: 1.5,
  steps: [5, 50, 100],
  step_s: 1,
};

type Variant = 'canary' | 'control';
/** Milliseconds of a run, or null for a failure. */
type Behaviour = (variant: Variant) => number | null;
const HEALTHY: Behaviour = () => 10;
const FAILS: Behaviour = () => null;

/** What the guard makes of requests of many senders. */
class Traffic {
  private readonly windows = { canary: new OutcomeWindow(60), control: new OutcomeWindow(60) };

  constructor(private readonly weight: number) {}

  /** One request: chance, or the key, chooses the variant. */
  send(caller: string, routingKey: string | undefined, behaves: Behaviour): void {
    this.sendTo(this.variantOf(routingKey), caller, routingKey, behaves);
  }

  /** One that somebody has chosen the variant of. */
  sendTo(variant: Variant, caller: string, routingKey: string | undefined, behaves: Behaviour): void {
    const runMs = behaves(variant);
    const served = runMs === null ? null : { runMs, batchCost: 1 };
    this.windows[variant].add(0, served, senderCode({ caller, routingKey }));
  }

  /** So many requests for each of so many users, each with a key of its own and an address. */
  users(count: number, requests: number, behaves: Behaviour, caller = (user: number) => `address ${user}`): void {
    for (let user = 0; user < count; user++) {
      for (let i = 0; i < requests; i++) this.send(caller(user), `user ${user}`, behaves);
    }
  }

  /** A key that chance has put there. */
  keyOn(variant: Variant, salt: string): string {
    for (let i = 0; ; i++) if (this.variantOf(`${salt} ${i}`) === variant) return `${salt} ${i}`;
  }

  get decision(): string {
    const { weight } = this;
    const [canary, control] = [this.windows.canary.evidence(1), this.windows.control.evidence(1)];
    const none = { comparisons: 0, disagreement: 0 };
    const all = { ...compareAll(canary, [control]), ...none };
    const trimmed = compareTrimmed(canary, [control], weight / (100 - weight));
    const decision = decide(GUARD, { weight, stepAge: 2, ...trimmed, ...none, all });
    return `${decision.action}: ${decision.reason}`;
  }

  private variantOf(key?: string): Variant {
    const arms = [
      { name: 'control' as const, weight: 100 - this.weight },
      { name: 'canary' as const, weight: this.weight },
    ];
    return chooseVariant(arms, 'm', key ?? String(Math.random()))!.name;
  }
}

const gateway = () => 'gateway';

describe('one sender does not take a canary back', () => {
  it.each<[string, (traffic: Traffic) => void]>([
    [
      'that fails for one key',
      (traffic) => {
        const key = traffic.keyOn('canary', 'evil');
        for (let i = 0; i < 500; i++) traffic.send('evil', key, FAILS);
      },
    ],
    [
      'that fails for one key behind the gateway',
      (traffic) => {
        const key = traffic.keyOn('canary', 'evil');
        for (let i = 0; i < 500; i++) traffic.send('gateway', key, FAILS);
      },
    ],
    [
      'that is slow for one key',
      (traffic) => {
        const key = traffic.keyOn('canary', 'evil');
        for (let i = 0; i < 110; i++) traffic.send('evil', key, () => 100);
      },
    ],
    [
      'that fails for keys which one caller has invented for it',
      (traffic) => {
        for (let i = 0; i < 300; i++) traffic.sendTo('canary', 'evil', `invented ${i}`, FAILS);
      },
    ],
    [
      'that looks slow beside a control which one key has flooded with quick requests',
      (traffic) => {
        const key = traffic.keyOn('control', 'evil');
        for (let i = 0; i < 20_000; i++) traffic.send('evil', key, () => 1);
      },
    ],
    [
      'whatever fails of what it sends without a key, since that fails everywhere',
      (traffic) => {
        for (let i = 0; i < 2_000; i++) traffic.send('evil', undefined, () => (i % 2 ? null : 10));
      },
    ],
  ])('%s', (_, attack) => {
    const honest = [];
    for (const weight of [10, 50]) {
      const traffic = new Traffic(weight);
      traffic.users(1500, 1, HEALTHY, gateway);
      honest.push(traffic.decision);
      attack(traffic);
      expect(traffic.decision).not.toMatch(/^roll-back/);
    }
    expect(honest).toEqual([expect.stringMatching(/^promote/), expect.stringMatching(/^promote/)]);
  });

  it('that is given everything, with what it sends without a key: nobody is left to compare with', () => {
    const traffic = new Traffic(100);
    traffic.users(60, 5, HEALTHY);
    for (let i = 0; i < 200; i++) traffic.send('evil', undefined, FAILS);
    expect(traffic.decision).toMatch(/^hold: error rate 40.00%; 2.00% is allowed; but not without the one sender/);
  });
});

it('one sender neither hides that a canary fails for the others, nor promotes it alone', () => {
  const traffic = new Traffic(50);
  const [ours, theirs] = [traffic.keyOn('canary', 'evil'), traffic.keyOn('control', 'evil')];
  for (let i = 0; i < 5_000; i++) traffic.send('evil', ours, HEALTHY);
  expect(traffic.decision).toMatch(/^hold: .*another one is needed$/);
  for (let i = 0; i < 5_000; i++) traffic.send('evil', theirs, FAILS);
  traffic.users(10, 1, HEALTHY);
  expect(traffic.decision).toMatch(/^hold: \d of 100 requests in the last 60 s, without 500\d of those who send most$/);
  traffic.users(400, 1, (variant) => (variant === 'canary' && Math.random() < 0.4 ? null : 10));
  expect(traffic.decision).toMatch(/^roll-back: error rate/);
});

describe('a canary that fails for everybody is taken back', () => {
  const fails: Behaviour = (variant) => (variant === 'canary' ? null : 10);
  const slow: Behaviour = (variant) => (variant === 'canary' ? 20 : 10);
  it.each<[string, number, (traffic: Traffic, behaves: Behaviour) => void]>([
    ['many users', 5, (traffic, behaves) => traffic.users(3_000, 1, behaves)],
    ['many users behind one gateway', 5, (traffic, behaves) => traffic.users(3_000, 1, behaves, gateway)],
    [
      'many users behind one gateway, at the last step',
      50,
      (traffic, behaves) => traffic.users(300, 1, behaves, gateway),
    ],
    ['twelve users', 50, (traffic, behaves) => traffic.users(12, 50, behaves)],
    [
      'a gateway that sends no keys',
      5,
      (traffic, behaves) => {
        for (let i = 0; i < 3_000; i++) traffic.send('gateway', undefined, behaves);
      },
    ],
    [
      'a gateway, beside a probe for which it works',
      20,
      (traffic, behaves) => {
        for (let i = 0; i < 3_000; i++) traffic.send('gateway', undefined, behaves);
        for (let i = 0; i < 60; i++) traffic.send('probe', undefined, HEALTHY);
      },
    ],
  ])('with %s', (_, weight, send) => {
    for (const [behaves, why] of [
      [fails, 'error rate'],
      [slow, 'p95 20.0 ms'],
    ] as const) {
      const traffic = new Traffic(weight);
      send(traffic, behaves);
      expect(traffic.decision).toMatch(new RegExp(`^roll-back: ${why}`));
    }
  });

  it('with one client alone, and one beside whom the others are too few to contradict', () => {
    const traffic = new Traffic(50);
    for (let i = 0; i < 20; i++) traffic.send('only', traffic.keyOn('canary', 'only'), fails);
    expect(traffic.decision).toBe('roll-back: error rate 100.00% in 20 requests; 2.00% is allowed');
    traffic.send('second', traffic.keyOn('canary', 'second'), fails);
    expect(traffic.decision).toMatch(/^roll-back/);
    for (let i = 0; i < 2; i++) traffic.send('third', traffic.keyOn('canary', 'third'), HEALTHY);
    expect(traffic.decision).toMatch(/^hold: error rate 91.30% .*but not without the one sender who says most of it$/);
  });

  it('at 100 %, where nobody is left to compare with', () => {
    const traffic = new Traffic(100);
    for (let i = 0; i < 150; i++) traffic.send('gateway', undefined, fails);
    for (let i = 0; i < 20; i++) traffic.send('probe', undefined, HEALTHY);
    expect(traffic.decision).toMatch(/^roll-back: error rate/);
  });
});
