import { EventEmitter } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { Ending, Incoming, Outgoing } from '../http/exchange';
import { giveContext, RequestContext } from '../http/request-context';

/** One request of gRPC, with its context: a call of one message, or one message of a call that has many. */
export class GrpcExchange implements Incoming, Outgoing {
  readonly context: RequestContext;
  private readonly events = new EventEmitter().setMaxListeners(0);
  /** How it ended, as long as its client has not been told that. */
  private ending: Ending = { method: 'POST', status: 499, isAnswered: false, sent: undefined };
  private isOver = false;

  /** @param onHeader is told of what goes before the answer */
  constructor(
    readonly headers: IncomingHttpHeaders,
    readonly socket: Socket,
    path: string,
    private readonly onHeader: (name: string, value: string) => void = () => undefined,
  ) {
    this.context = new RequestContext(headers, path);
    giveContext(this, this.context);
  }

  setHeader(name: string, value: string): void {
    this.onHeader(name, value);
  }

  once(event: 'finish' | 'close', then: () => void): void {
    this.events.once(event, then);
  }

  /** Its client has been sent all of its answer. @param status of HTTP */
  answered(status: number): void {
    this.ending = { method: 'POST', status, isAnswered: true, sent: status };
    this.events.emit('finish');
  }

  /** Nothing comes any more, from either side. @returns how it ended; undefined when that has been asked before */
  close(): Ending | undefined {
    if (this.isOver) return undefined;
    this.isOver = true;
    if (!this.ending.isAnswered) this.context.leave();
    this.events.emit('close');
    return this.ending;
  }
}
