import { Inject, Injectable } from '@nestjs/common';
import { EyrieError, type Limit } from '#core';
import { limitOf, type Config } from '../config';
import { Connections } from '../http/connections';
import type { Incoming, Outgoing } from '../http/exchange';
import { CONFIG } from '../settings';
import { Shed } from './shed';

/** How many requests may be under way at the same time, probes and what operators ask for not counted. */
@Injectable()
export class RequestLimit {
  /** Under way. */
  count = 0;

  constructor(
    private readonly connections: Connections,
    private readonly shed: Shed,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** The request is counted until its answer is sent, or cannot be any more. @throws EyrieError OVERLOADED */
  enter(req: Incoming, res: Outgoing): void {
    const { MAX_CONCURRENT_REQUESTS } = this.config;
    if (this.connections.isExtra(req.socket)) {
      this.shed.counts.connections++;
      const bound = { setting: 'MAX_CONNECTIONS', value: this.connections.limit };
      throw refusal(`${bound.value} connections are open, and there may be no more`, bound);
    }
    if (MAX_CONCURRENT_REQUESTS > 0 && this.count >= MAX_CONCURRENT_REQUESTS) {
      this.shed.counts.concurrency++;
      const bound = limitOf(this.config, 'MAX_CONCURRENT_REQUESTS');
      throw refusal(`${this.count} requests are under way, and there may be no more`, bound);
    }
    this.count++;
    res.once('close', () => this.count--);
  }
}

function refusal(detail: string, bound: Limit): EyrieError {
  return new EyrieError('OVERLOADED', `${detail}; try again later`, { bound, retryAfterSeconds: 1 });
}
