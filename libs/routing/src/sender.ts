import { hash, randomBytes } from 'node:crypto';

/** Who has sent a request, as far as the guard and shadows tell senders apart. */
export interface Sender {
  /** An API key or an address. */
  readonly caller: string;
  /** The client's own; undefined where it sent none, and chance chose the variant. */
  readonly routingKey?: string;
}

/**
 * A sender as a number, of which there are few, so that what is known of senders stays small however many there are: 7 bits of
 * the caller, one that says whether it sent a routing key, 8 bits of that. Two that fall together are heard as one.
 */
export type SenderCode = number;

/** Nobody can know which of their keys fall together. */
const SALT = randomBytes(16).toString('base64');

export function senderCode({ caller, routingKey }: Sender): SenderCode {
  const code = (bits(caller) >> 1) << 9;
  return routingKey === undefined ? code : code | 0x100 | bits(routingKey);
}

export function callerOf(code: SenderCode): number {
  return code >> 9;
}

/** undefined without one. */
export function routingKeyOf(code: SenderCode): number | undefined {
  return (code & 0x100) === 0 ? undefined : code & 0xff;
}

/** The caller, whether it sent a key or not. */
export function callerAlone(code: SenderCode): SenderCode {
  return callerOf(code) << 9;
}

/** The caller and that it sent a key, for where there is no room for its keys. */
export function withoutRoutingKey(code: SenderCode): SenderCode {
  return routingKeyOf(code) === undefined ? code : (code & ~0xff) >>> 0;
}

function bits(text: string): number {
  return hash('sha256', SALT + text, 'buffer')[0]!;
}
