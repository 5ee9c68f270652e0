import { Injectable } from '@nestjs/common';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import { setImmediate as turnOfTheLoop, setTimeout as sleep } from 'node:timers/promises';

/** How long a client that is about to use its kept-alive connection once more may take to do so. */
const LAST_REQUEST_MS = 250;
/** A turn of the event loop as short as this has done next to nothing. */
const QUIET_TURN_MS = 1;
/** Under a load that never pauses, one has to be cut short at last. */
const MOST_TURNS = 200;

/**
 * The open connections and what is under way on each, so that a shutdown loses no request. Node's own
 * server.close() cuts kept-alive connections at once, on which a request may just be arriving, and waits for those
 * that never sent anything, such as a browser's preconnects.
 */
@Injectable()
export class Connections {
  private readonly open = new Map<Socket, Set<ServerResponse>>();
  private closing = false;
  /** Connections and requests so far. */
  private arrivals = 0;

  /** Must be called before the server listens. */
  track(server: Server): void {
    server.on('connection', (socket) => {
      this.arrivals++;
      this.open.set(socket, new Set());
      socket.once('close', () => this.open.delete(socket));
    });
    server.prependListener('request', (req: IncomingMessage, res: ServerResponse) => this.begin(req, res));
  }

  /** Requests without their whole answer. */
  get underWay(): number {
    return [...this.open.values()].reduce((sum, responses) => sum + responses.size, 0);
  }

  /** From now on every answer is the last one on its connection: clients have to go elsewhere. */
  makeAnswersLast(): void {
    this.closing = true;
    for (const responses of this.open.values()) responses.forEach(endConnectionAfter);
  }

  /** Accepts no more connections, and ends those that there are, each after the request that it is busy with. */
  async drain(server: Server): Promise<void> {
    this.makeAnswersLast();
    await this.quietTurn();
    const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()));
    if (this.open.size > 0) await sleep(LAST_REQUEST_MS);
    await this.quietTurn();
    for (const [socket, responses] of this.open) if (responses.size === 0) socket.destroy();
    await closed;
  }

  /**
   * A turn in which nobody came: whoever has connected and is not accepted yet is reset when the server closes, and so is
   * whoever has sent a request that is not read yet when the connection is. Behind a quiet turn there is no such client.
   */
  private async quietTurn(): Promise<void> {
    for (let turn = 0; turn < MOST_TURNS; turn++) {
      const [before, started] = [this.arrivals, performance.now()];
      await turnOfTheLoop();
      if (this.arrivals === before && performance.now() - started < QUIET_TURN_MS) return;
    }
  }

  private begin(req: IncomingMessage, res: ServerResponse): void {
    this.arrivals++;
    const responses = this.open.get(req.socket);
    responses?.add(res);
    if (this.closing) endConnectionAfter(res);
    res.once('close', () => responses?.delete(res));
  }
}

function endConnectionAfter(res: ServerResponse): void {
  if (!res.headersSent) res.setHeader('Connection', 'close');
}
