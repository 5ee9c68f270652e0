import ipaddr from 'ipaddr.js';
import { LRUCache } from 'lru-cache';
import { EyrieError } from '#core';

const MINUTE_MS = 60_000;
/** Beyond so many, whoever has not been seen for the longest time is forgotten: some 10 MB. */
const MOST_CLIENTS = 50_000;

/** The minute of one client, from its first request on. */
interface Minute {
  requests: number;
  endsAt: number;
}

/** Counts requests by address, each client's for a minute from its first one. */
export class RateLimit {
  private readonly minutes = new LRUCache<string, Minute>({ max: MOST_CLIENTS });

  constructor(
    private readonly perMinute: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** @throws EyrieError RATE_LIMITED */
  count(address: string): void {
    const client = clientOf(address);
    const now = this.now();
    let minute = this.minutes.get(client);
    if (!minute || minute.endsAt <= now) {
      minute = { requests: 0, endsAt: now + MINUTE_MS };
      this.minutes.set(client, minute);
    }
    if (++minute.requests <= this.perMinute) return;
    throw new EyrieError('RATE_LIMITED', `more than ${this.perMinute} requests a minute from this address; slow down`, {
      retryAfterSeconds: Math.max(1, Math.ceil((minute.endsAt - now) / 1000)),
    });
  }
}

/** An IPv4 address, or the network of an IPv6 address: whoever has one of its 2^64 addresses has them all. */
export function clientOf(address: string): string {
  // What a proxy says may be longer than any address.
  if (!ipaddr.isValid(address)) return address.slice(0, 50);
  const ip = ipaddr.process(address);
  return ip instanceof ipaddr.IPv6 ? ip.parts.slice(0, 4).join(':') : ip.toString();
}
