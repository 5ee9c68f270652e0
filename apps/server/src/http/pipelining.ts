import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** So many requests of a connection may wait for the one before them. Clients that send ahead send a few. */
export const MOST_WAITING = 16;

/** What waits behind the request of a connection that is under way. */
class Line {
  readonly waiting: [req: IncomingMessage, res: ServerResponse][] = [];

  constructor(private readonly socket: Socket) {}

  add(req: IncomingMessage, res: ServerResponse): void {
    if (this.waiting.push([req, res]) > 1) return;
    this.socket.pause();
    // Whoever reads a body, and Node when an answer has been written, lets the connection flow again.
    this.socket.on('resume', this.hold);
  }

  shift(): [IncomingMessage, ServerResponse] | undefined {
    const first = this.waiting.shift();
    if (first && this.waiting.length === 0) this.socket.off('resume', this.hold).resume();
    return first;
  }

  private readonly hold = (): void => void this.socket.pause();
}

/**
 * Takes the requests of a connection one after the other, as their answers have to be sent anyway (RFC 9112, 9.3.2). Node hands
 * on all that have come at once, and 64 KB hold thousands: each would be worked on at once, and each answer kept until the client
 * reads it. While some wait, nothing more is read from their connection; between two of them others have their turn.
 */
export class Pipelining {
  private readonly lines = new WeakMap<Socket, Line>();

  /** @param onFlood is told of a connection that has sent too many ahead, and is cut */
  constructor(
    private readonly take: RequestListener,
    private readonly onFlood: (socket: Socket) => void,
  ) {}

  readonly listener: RequestListener = (req, res) => {
    const { socket } = req;
    if (socket.destroyed) {
      // What had come in the same piece as a flood. Node would end each with an error of its own, which costs ten times as much.
      req.destroy();
      return;
    }
    const line = this.lines.get(socket);
    if (!line) {
      this.lines.set(socket, new Line(socket));
      this.begin(req, res);
    } else if (line.waiting.length < MOST_WAITING) {
      line.add(req, res);
    } else {
      this.lines.delete(socket);
      socket.destroy();
      req.destroy();
      for (const [waiting] of line.waiting) waiting.destroy();
      this.onFlood(socket);
    }
  };

  private begin(req: IncomingMessage, res: ServerResponse): void {
    // Node tells only the answer that is next on its connection when that is closed; this one is.
    res.once('close', () => this.over(req.socket));
    void this.take(req, res);
  }

  private over(socket: Socket): void {
    const line = this.lines.get(socket);
    if (!line || line.waiting.length === 0 || socket.destroyed) {
      this.lines.delete(socket);
      return;
    }
    setImmediate(() => {
      const next = socket.destroyed ? undefined : line.shift();
      if (!next) return;
      // That of the answer before; the connection is idle while this one is worked on.
      socket.setTimeout(0);
      this.begin(...next);
    });
  }
}
