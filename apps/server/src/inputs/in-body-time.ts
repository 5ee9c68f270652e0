import { EyrieError, withTimeLimit } from '#core';
import { limitOf, type Config } from '../config';

type BodyTime = Pick<Config, 'BODY_TIMEOUT_MS'>;

export function bodyTooSlow(config: BodyTime): EyrieError {
  const detail = `the body did not arrive within ${config.BODY_TIMEOUT_MS} ms`;
  return new EyrieError('DEADLINE_EXCEEDED', detail, { bound: limitOf(config, 'BODY_TIMEOUT_MS') });
}

/**
 * Reads a body within BODY_TIMEOUT_MS: a client that sends a byte now and then must not hold a request open for ever.
 * @throws EyrieError DEADLINE_EXCEEDED, and what `read` throws
 */
export function inBodyTime<T>(config: BodyTime, read: (signal: AbortSignal) => Promise<T>): Promise<T> {
  return withTimeLimit({ ms: config.BODY_TIMEOUT_MS, onExpiry: () => bodyTooSlow(config) }, read);
}
