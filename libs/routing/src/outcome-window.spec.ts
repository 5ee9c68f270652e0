import { summaryOf } from './canary-evidence';
import { OutcomeWindow } from './outcome-window';
import { senderCode } from './sender';

const ALICE = senderCode({ caller: '192.0.2.1', routingKey: 'alice' });

it('counts what is in it and forgets what is older', () => {
  const window = new OutcomeWindow(40);
  for (let second = 0; second < 100; second++) {
    window.add(second, { runMs: second, batchCost: 1 }, ALICE);
    if (second % 10 === 0) window.add(second, null, ALICE);
  }
  const summary = summaryOf(window.evidence(99));
  expect(summary.requests).toBe(44);
  expect(summary.errorRate).toBeCloseTo(4 / 44, 9);
  expect(summary.p95).toBe(97);
  expect(summaryOf(window.evidence(1000))).toEqual({ requests: 0, errorRate: 0, p95: null });
});

it('keeps a fair sample of many latencies', () => {
  const window = new OutcomeWindow(10);
  for (let i = 0; i < 50_000; i++) window.add(0, { runMs: i / 500, batchCost: 1 }, ALICE);
  const { p95 } = summaryOf(window.evidence(0));
  expect(p95).toBeGreaterThan(85);
  expect(p95).toBeLessThan(99.5);
});

it('stays small however long it is and however many send, and counts them all', () => {
  const window = new OutcomeWindow(86_400);
  const requests = 60_000;
  for (let i = 0; i < requests; i++) {
    const sender = senderCode({ caller: `caller ${i % 1000}`, routingKey: `user ${i}` });
    window.add(i, i % 7 === 0 ? null : { runMs: 1, batchCost: 1 }, sender);
  }
  const { tallies, runs } = window.evidence(requests);
  expect(runs.length).toBeLessThanOrEqual(100 * 20);
  expect(tallies.size).toBeLessThanOrEqual((100 + 128) * 20);
  expect(summaryOf({ tallies, runs }).requests).toBe(requests);
  expect(runs.every(({ sender }) => tallies.has(sender))).toBe(true);
});
