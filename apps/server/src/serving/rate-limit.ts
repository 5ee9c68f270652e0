import ipaddr from 'ipaddr.js';
import { LRUCache } from 'lru-cache';
import { EyrieError } from '#core';
import type { Outgoing } from '../http/exchange';
import { addressIn } from '../http/forwarded';

const MINUTE_MS = 60_000;
/** Beyond so many, whoever has not been seen for the longest time is forgotten: some 10 MB. */
const MOST_CLIENTS = 50_000;

/** The minute of one client, from its first request on. */
interface Minute {
  requests: number;
  endsAt: number;
}

/** What a client may still send, and when its minute is over. */
export interface Quota {
  limit: number;
  remaining: number;
  resetSeconds: number;
}

/**
 * Tells it in the answer, as draft-ietf-httpapi-ratelimit-headers has it, and in the three fields of its versions up to 07, which most
 * clients read.
 */
export function tellQuota(res: Outgoing, { limit, remaining, resetSeconds }: Quota): void {
  res.setHeader('RateLimit-Policy', `"requests";q=${limit};w=${MINUTE_MS / 1000}`);
  res.setHeader('RateLimit', `"requests";r=${remaining};t=${resetSeconds}`);
  res.setHeader('RateLimit-Limit', String(limit));
  res.setHeader('RateLimit-Remaining', String(remaining));
  res.setHeader('RateLimit-Reset', String(resetSeconds));
}

/** Counts requests by address, each client's for a minute from its first one. */
export class RateLimit {
  private readonly minutes = new LRUCache<string, Minute>({ max: MOST_CLIENTS });

  constructor(
    private readonly perMinute: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** @param tell is called in either case @throws EyrieError RATE_LIMITED */
  count(address: string, tell?: (quota: Quota) => void): void {
    const client = clientOf(address);
    const now = this.now();
    let minute = this.minutes.get(client);
    if (!minute || minute.endsAt <= now) {
      minute = { requests: 0, endsAt: now + MINUTE_MS };
      this.minutes.set(client, minute);
    }
    const resetSeconds = Math.max(1, Math.ceil((minute.endsAt - now) / 1000));
    minute.requests++;
    tell?.({ limit: this.perMinute, remaining: Math.max(0, this.perMinute - minute.requests), resetSeconds });
    if (minute.requests <= this.perMinute) return;
    throw new EyrieError('RATE_LIMITED', `more than ${this.perMinute} requests a minute from this address; slow down`, {
      bound: { setting: 'RATE_LIMIT_PER_MINUTE', value: this.perMinute },
      retryAfterSeconds: resetSeconds,
    });
  }
}

/** Reading an address costs more than finding it: clients send more than one request. */
const clients = new LRUCache<string, string>({ max: 10_000 });

/** An IPv4 address, or the network of an IPv6 address: whoever has one of its 2^64 addresses has them all. */
export function clientOf(address: string): string {
  const known = clients.get(address);
  if (known !== undefined) return known;
  const client = readClient(address);
  // What a proxy says may be longer than any address.
  if (address.length <= 50) clients.set(address, client);
  return client;
}

function readClient(address: string): string {
  const bare = addressIn(address);
  if (bare === undefined) return address.slice(0, 50);
  const ip = ipaddr.process(bare);
  return ip instanceof ipaddr.IPv6 ? ip.parts.slice(0, 4).join(':') : ip.toString();
}
