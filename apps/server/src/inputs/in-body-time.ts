import { EyrieError, withTimeLimit } from '#core';

/**
 * Reads a body within so many milliseconds: a client that sends a byte now and then must not hold a request open for ever.
 * @throws EyrieError DEADLINE_EXCEEDED, and what `read` throws
 */
export function inBodyTime<T>(ms: number, read: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const onExpiry = (): EyrieError => new EyrieError('DEADLINE_EXCEEDED', `the body did not arrive within ${ms} ms`);
  return withTimeLimit({ ms, onExpiry }, read);
}
