import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';

/** A request before its body, whatever protocol has carried it. Node's own requests are such. */
export interface Incoming {
  readonly headers: IncomingHttpHeaders;
  /** Its connection. */
  readonly socket: Socket;
}

/** The way back to whoever has asked. Node's own answers are such. */
export interface Outgoing {
  /** Goes before the answer; nothing happens where that has begun. */
  setHeader(name: string, value: string): unknown;
  /** `finish`: the whole answer is on its way. `close`: the request is over, answered or not. */
  once(event: 'finish' | 'close', then: () => void): unknown;
}

/** How a request ended. */
export interface Ending {
  /** As HTTP has it. */
  method: string;
  /** HTTP's, also where the protocol has others: that which the same error has there; 499, as nginx has it, where the client did not wait. */
  status: number;
  /** The client has been sent its whole answer. */
  isAnswered: boolean;
  /** That of an answer that has begun, be it taken or not. */
  sent: number | undefined;
}
