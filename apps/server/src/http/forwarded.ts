import type { IncomingMessage } from 'node:http';
import proxyAddr from 'proxy-addr';

/** What the reverse proxies in front say of a request, as far as they are trusted. */
export class Forwarded {
  /** @param hops how many proxies stand in front */
  constructor(private readonly hops: number) {}

  /** The client's address: its connection's, or the one that the outermost of our proxies has seen. */
  addressOf(req: IncomingMessage): string {
    return (this.hops === 0 ? req.socket.remoteAddress : proxyAddr(req, this.isOurs)) ?? '';
  }

  /** `https` where a proxy of ours says so; this server itself speaks HTTP. */
  schemeOf({ headers }: IncomingMessage): string {
    const said = this.hops === 0 ? undefined : headers['x-forwarded-proto'];
    return said?.toString().split(',', 1)[0]!.trim() || 'http';
  }

  private readonly isOurs = (_address: string, hop: number): boolean => hop < this.hops;
}
