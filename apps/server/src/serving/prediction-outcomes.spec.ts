import { EyrieError, type ErrorCode } from '#core';
import type { CanaryGuard, Route, ShadowTraffic } from '#routing';
import type { PredictionMetrics } from '../metrics/prediction.metrics';
import { PredictionOutcomes } from './prediction-outcomes';

const CASES: [ErrorCode, { isServing: boolean }, boolean][] = [
  ['WORKER_FAILED', { isServing: true }, true],
  ['DEADLINE_EXCEEDED', { isServing: true }, true],
  // It is being unloaded.
  ['MODEL_NOT_READY', { isServing: true }, false],
  // It has lost its workers and cannot replace them.
  ['MODEL_NOT_READY', { isServing: false }, true],
  ['INVALID_IMAGE', { isServing: true }, false],
  ['OVERLOADED', { isServing: true }, false],
];
it.each(CASES)('the guard of a canary that fails with %s, %j, hears of it: %s', (code, version, counts) => {
  const guard = { observe: jest.fn() };
  const outcomes = new PredictionOutcomes(
    {} as PredictionMetrics,
    guard as unknown as CanaryGuard,
    {} as unknown as ShadowTraffic,
  );
  const route = { version, variant: 'canary' } as unknown as Route;
  const sender = { caller: '192.0.2.1', routingKey: 'alice' };
  outcomes.notComputed(route, sender, EyrieError.told(code, 'so'));
  expect(guard.observe.mock.calls).toEqual(counts ? [[route, null, sender]] : []);
});
