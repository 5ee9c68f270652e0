import { type EyrieError } from '#core';
import { RateLimit } from './rate-limit';

let now: number;
let limit: RateLimit;
beforeEach(() => {
  now = 1000;
  limit = new RateLimit(2, () => now);
});

/** The seconds to wait; 0 where the request may pass. */
function wait(address: string): number {
  try {
    limit.count(address);
    return 0;
  } catch (error) {
    expect((error as EyrieError).code).toBe('RATE_LIMITED');
    return (error as EyrieError).retryAfterSeconds!;
  }
}

it('lets so many requests a minute pass, and says how long the minute still lasts', () => {
  expect(['10.0.0.1', '10.0.0.1', '10.0.0.1', '10.0.0.2'].map(wait)).toEqual([0, 0, 60, 0]);
  now += 12_300;
  expect(wait('10.0.0.1')).toBe(48);
  now += 47_700;
  expect(['10.0.0.1', '10.0.0.1', '10.0.0.1'].map(wait)).toEqual([0, 0, 60]);
});

it.each([
  ['an IPv4 address and the same one as IPv6 names it', '10.0.0.1', '::ffff:10.0.0.1', true],
  ['two addresses of one IPv6 network', '2001:db8:1:2::1', '2001:db8:1:2:ffff::9', true],
  ['two IPv6 networks', '2001:db8:1:2::1', '2001:db8:1:3::1', false],
  ['what is no address, told apart by its beginning', `unknown${'a'.repeat(9000)}`, `unknown${'a'.repeat(8000)}`, true],
  ['an address with two ports', '10.0.0.1:4000', '10.0.0.1:4001', true],
  ['IPv4 in the hexadecimal form of IPv6', '10.0.0.1', '::ffff:a00:1', true],
])('counts %s: %.60s and %.60s: together: %s', (_, one, other, together) => {
  wait(one);
  wait(one);
  expect(wait(other) > 0).toBe(together);
});

it('forgets whoever has not come for the longest time where very many come', () => {
  expect(['10.0.0.1', '10.0.0.1', '10.0.0.2', '10.0.0.2'].map(wait)).toEqual([0, 0, 0, 0]);
  for (let i = 0; i < 60_000; i++) {
    wait(`11.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
    if (i % 10_000 === 0) expect(wait('10.0.0.2')).toBeGreaterThan(0);
  }
  expect([wait('10.0.0.1'), wait('10.0.0.2')]).toEqual([0, 60]);
});
