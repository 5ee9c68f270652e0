import type { EyrieError } from '#core';
import { BodyBudget, type BodyLease } from './body-budget';

const TIMEOUT_MS = 10_000;
const LIMIT = 1_000_000;

let now: number;
let budget: BodyBudget;
let revoked: string[];

beforeEach(() => {
  now = 0;
  revoked = [];
  budget = new BodyBudget(LIMIT, TIMEOUT_MS, () => now);
});

const lease = (announced?: number, name = 'it'): BodyLease => budget.lease(announced, () => void revoked.push(name));
const codeOf = (call: () => unknown): string => {
  try {
    call();
    return 'none';
  } catch (error) {
    const { code, retryAfterSeconds } = error as EyrieError;
    return `${code} ${retryAfterSeconds}`;
  }
};

it('counts what is announced before it has come, and not once more when it comes', () => {
  const body = lease(600_000);
  expect(budget.used).toBe(600_000);
  body.take(600_000);
  body.whole();
  expect(budget.used).toBe(600_000);
});

it('refuses what does not fit, and takes it when there is room again', () => {
  const body = lease(600_000);
  expect(codeOf(() => lease(400_001))).toBe('OVERLOADED 1');
  body.release();
  expect(lease(400_001).bytes).toBe(400_001);
});

it('counts what is sent without a length as it comes, and refuses it when nothing is left', () => {
  const body = lease();
  expect(budget.used).toBe(0);
  body.take(999_999);
  expect(budget.used).toBe(999_999);
  expect(codeOf(() => body.take(2))).toBe('OVERLOADED 1');
  expect(codeOf(() => lease())).toBe('OVERLOADED 1');
});

it('takes back what was held once, however often it is given back', () => {
  const [one, other] = [lease(300_000), lease(300_000)];
  one.release();
  one.release();
  one.take(500_000);
  expect(budget.used).toBe(300_000);
  other.release();
  expect(budget.used).toBe(0);
});

describe('when room is short', () => {
  it('bodies that were announced and do not come have to go', () => {
    lease(900_000, 'silent');
    expect(codeOf(() => lease(200_000))).toBe('OVERLOADED 1');
    now = 2_500;
    expect(lease(200_000).bytes).toBe(200_000);
    expect([revoked, budget.used]).toEqual([['silent'], 200_000]);
  });

  it('so do those that come too slowly to be there in time, and no others', () => {
    const [slow, steady, whole] = [lease(300_000, 'slow'), lease(300_000, 'steady'), lease(300_000, 'whole')];
    whole.take(300_000);
    whole.whole();
    for (now = 500; now <= 5_000; now += 500) {
      slow.take(10_000);
      steady.take(20_000);
    }
    expect(lease(300_000).bytes).toBe(300_000);
    expect(revoked).toEqual(['slow']);
  });

  it('one that is whole is kept, however long its answer takes', () => {
    const chunked = lease(undefined, 'chunked');
    chunked.take(900_000);
    chunked.whole();
    now = 60_000;
    expect(codeOf(() => lease(200_000))).toBe('OVERLOADED 1');
    expect(revoked).toEqual([]);
  });

  it('nobody has to go where there is room for all', () => {
    lease(500_000, 'silent');
    now = 9_000;
    lease(500_000);
    expect(revoked).toEqual([]);
  });
});

describe('an answer', () => {
  it('is held beside the body, and refused where there is no room for both', () => {
    const [one, other] = [lease(300_000), lease(300_000)];
    one.answer(300_000);
    expect(budget.used).toBe(900_000);
    expect(codeOf(() => other.answer(100_001))).toBe('OVERLOADED 1');
    one.release();
    other.answer(100_001);
    expect(budget.used).toBe(400_001);
  });

  it('always has room where nobody else holds anything', () => {
    const only = lease(900_000);
    only.answer(5_000_000);
    expect(codeOf(() => lease(1))).toBe('OVERLOADED 1');
    only.release();
    expect(budget.used).toBe(0);
  });
});
