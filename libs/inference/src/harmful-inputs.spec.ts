import { randomBytes } from 'node:crypto';
import { HarmfulInputs } from './harmful-inputs';

let now: number;
let harmful: HarmfulInputs;
beforeEach(() => {
  now = 0;
  harmful = new HarmfulInputs(() => now);
});

it('knows an input again by its bytes, however they are held, and no other one', () => {
  const bytes = randomBytes(100);
  harmful.add([bytes]);
  expect(harmful.refusedFor([new Uint8Array(bytes)])).toBe(600);
  expect(harmful.refusedFor([randomBytes(100)])).toBeUndefined();
  expect(harmful.refusedFor([bytes.subarray(0, 99)])).toBeUndefined();
  // The same bytes in other parts are another input.
  expect(harmful.refusedFor([bytes.subarray(0, 50), bytes.subarray(50)])).toBeUndefined();
});

it('forgets it ten minutes after it last did harm', () => {
  const payload = [randomBytes(10)];
  harmful.add(payload);
  now = 599_000;
  expect(harmful.refusedFor(payload)).toBe(1);
  harmful.add(payload);
  now += 599_999;
  expect(harmful.refusedFor(payload)).toBe(1);
  now += 1;
  expect(harmful.refusedFor(payload)).toBeUndefined();
});

it('remembers a thousand, and forgets those that came first', () => {
  const payloads = Array.from({ length: 1_001 }, () => [randomBytes(20)]);
  for (const payload of payloads) harmful.add(payload);
  expect(payloads.map((payload) => harmful.refusedFor(payload) !== undefined)).toEqual(payloads.map((_, i) => i > 0));
});
