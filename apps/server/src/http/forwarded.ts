import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import proxyAddr from 'proxy-addr';
import type { Incoming } from './exchange';

/** What the reverse proxies in front say of a request, as far as they are trusted. */
export class Forwarded {
  /** @param hops how many proxies stand in front */
  constructor(private readonly hops: number) {}

  /**
   * The client's address: its connection's, or the one that the outermost of our proxies has seen. Where that proxy names none
   * (`unknown`, a made-up name), it is the address of the proxy itself.
   */
  addressOf(req: Incoming): string {
    // The kernel's own has no port and no quotes, at the most a zone.
    if (this.hops === 0) return withoutZone(req.socket.remoteAddress ?? '');
    return proxyAddr
      .all(req as IncomingMessage, this.isOurs)
      .reduce((nearer, farther) => addressIn(farther) ?? nearer, '');
  }

  /** `https` where a proxy of ours says so; this server itself speaks HTTP. */
  schemeOf({ headers }: Pick<Incoming, 'headers'>): string {
    const said = this.hops === 0 ? undefined : headers['x-forwarded-proto'];
    return said?.toString().split(',', 1)[0]!.trim() || 'http';
  }

  private readonly isOurs = (_address: string, hop: number): boolean => hop < this.hops;
}

/** An address as proxies write it: bare, in quotes, that of IPv6 in brackets, with the port of the connection, with a zone. */
const WRITTEN =
  /^"?(?:(?<v4>[\d.]+)(?::[\w.-]*)?|\[(?<bracketed>[^\]]+)\](?::[\w.-]*)?|(?<v6>[\da-f:.]+(?:%[^\]"]*)?))"?$/i;

/** The address alone; undefined for a text that is none. */
export function addressIn(text: string): string | undefined {
  // What a proxy hands on may be longer than any address.
  const { v4, bracketed, v6 } = WRITTEN.exec(text.slice(0, 100).trim())?.groups ?? {};
  const address = withoutZone(v4 ?? bracketed ?? v6 ?? '');
  return isIP(address) === 0 ? undefined : address;
}

function withoutZone(address: string): string {
  const zone = address.indexOf('%');
  return zone === -1 ? address : address.slice(0, zone);
}
