import { EyrieError } from '#core';

const MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };
/** The most that a timer of Node takes; some clients say hours, or years. */
const MOST_MS = 2 ** 31 - 1;

/**
 * How long a client waits, in milliseconds, by its `grpc-timeout`: at most eight digits, and a unit
 * (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md).
 * @throws EyrieError INVALID_REQUEST
 */
export function timeoutOf(header: string | string[] | undefined): number | undefined {
  if (header === undefined) return undefined;
  const [, digits, unit] = /^(\d{1,8})([HMSmun])$/.exec(String(header)) ?? [];
  if (digits === undefined) {
    const said = JSON.stringify(String(header).slice(0, 40));
    throw new EyrieError(
      'INVALID_REQUEST',
      `grpc-timeout must be up to 8 digits and one of H, M, S, m, u, n; it is ${said}`,
    );
  }
  return Math.min(Number(digits) * MS[unit!]!, MOST_MS);
}
