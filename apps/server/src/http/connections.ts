import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import { setImmediate as turnOfTheLoop, setTimeout as sleep } from 'node:timers/promises';
import type { Outgoing } from './exchange';

/** How long a client that is about to use its kept-alive connection once more may take to do so. */
const LAST_REQUEST_MS = 250;
/** A turn of the event loop as short as this has done next to nothing. */
const QUIET_TURN_MS = 1;
/** Under a load that never pauses, one has to be cut short at last. */
const MOST_TURNS = 200;
/** A connection that has been idle for less is most likely about to be used. */
const IDLE_MS = 1_000;
/** How often idle connections are looked for when there are too many. */
const SEARCH_MS = 100;
/** So many more than the limit are accepted, for probes and operators; everyone else is told that there are too many. */
const EXTRA = 64;
/** Within which one of these has to send its request. */
const EXTRA_REQUEST_MS = 2_000;

type EndBehind = () => void;

/** What is known of an open connection. */
interface Connection {
  /** With what tells its client that the connection ends behind it. */
  readonly underWay: Map<Outgoing, EndBehind>;
  /** The same for all that is under way on it, where its protocol can say so. */
  goAway?: EndBehind;
  /** Since when nothing is under way on it, on performance.now()'s clock. */
  idleSince: number;
  /** Beyond the limit. */
  readonly isExtra: boolean;
}

/**
 * The open connections and what is under way on each, so that there are not too many, and a shutdown loses no request. Node's
 * own `maxConnections` would drop whoever comes too late, probes too, and keep those that nobody uses. Its server.close() cuts
 * kept-alive connections at once, on which a request may just be arriving, and waits for those that never sent anything,
 * such as a browser's preconnects.
 */
export class Connections {
  private readonly open = new Map<Socket, Connection>();
  private extra = 0;
  private closing = false;
  private searchAgainAt = 0;
  /** Connections and requests so far. */
  private arrivals = 0;
  /** Closed because there were too many: idle ones, and such as could not even be answered. */
  readonly closed = { idle: 0, refused: 0 };
  /** While memory or descriptors are short, a connection that nobody uses is not kept. */
  keepIdle = true;

  constructor(readonly limit: number) {}

  /** Must be called before the server listens. */
  track(server: Server): void {
    server.on('connection', (socket) => this.accept(socket));
    server.prependListener('request', ({ socket }: IncomingMessage, res: ServerResponse) => {
      // Cut for all that it had sent ahead.
      if (!socket.destroyed) this.begin(socket, res, () => endConnectionAfter(res));
    });
  }

  get count(): number {
    return this.open.size;
  }

  /** Requests without their whole answer. */
  get underWay(): number {
    return [...this.open.values()].reduce((sum, { underWay }) => sum + underWay.size, 0);
  }

  /** Whether it was accepted although there are too many: only for what must always be answered. */
  isExtra(socket: Socket): boolean {
    return this.open.get(socket)?.isExtra ?? false;
  }

  /** Closes connections on which nothing is under way, those idle for the longest time first. @returns how many */
  closeIdle(most = Infinity): number {
    const before = performance.now() - IDLE_MS;
    const idle = [...this.open].filter(([, { underWay, idleSince }]) => underWay.size === 0 && idleSince < before);
    idle.sort(([, a], [, b]) => a.idleSince - b.idleSince);
    const these = idle.slice(0, most);
    for (const [socket] of these) this.destroy(socket);
    this.closed.idle += these.length;
    return these.length;
  }

  /** From now on every answer is the last one on its connection: clients have to go elsewhere. */
  makeAnswersLast(): void {
    this.closing = true;
    for (const { underWay, goAway } of this.open.values()) {
      if (goAway) goAway();
      else underWay.forEach((endBehind) => endBehind());
    }
  }

  /** Accepts no more connections, and ends those that there are, each after the request that it is busy with. */
  async drain(...servers: NetServer[]): Promise<void> {
    this.makeAnswersLast();
    await this.quietTurn();
    const closed = servers.map(
      (server) => new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve())),
    );
    if (this.open.size > 0) await sleep(LAST_REQUEST_MS);
    await this.quietTurn();
    for (const [socket, { underWay }] of this.open) if (underWay.size === 0) socket.destroy();
    await Promise.all(closed);
  }

  /** Ends all of them at once. */
  cut(): void {
    for (const socket of this.open.keys()) socket.destroy();
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

  /** A new connection; closed at once where there are far too many. */
  accept(socket: Socket): void {
    this.arrivals++;
    const isExtra = this.isFull();
    if (isExtra && !this.acceptExtra(socket)) return;
    this.open.set(socket, { underWay: new Map(), idleSince: performance.now(), isExtra });
    socket.once('close', () => this.forget(socket));
  }

  private isFull(): boolean {
    if (this.open.size < this.limit) return false;
    const now = performance.now();
    if (now < this.searchAgainAt) return true;
    this.searchAgainAt = now + SEARCH_MS;
    // Several at once: they are looked for among all.
    return this.closeIdle(1 + Math.floor(this.limit / 20)) === 0;
  }

  private acceptExtra(socket: Socket): boolean {
    if (this.extra >= EXTRA && !this.dropExtra()) {
      this.closed.refused++;
      socket.destroy();
      return false;
    }
    this.extra++;
    const timer = setTimeout(() => {
      if (this.open.get(socket)?.underWay.size === 0) socket.destroy();
    }, EXTRA_REQUEST_MS).unref();
    socket.once('close', () => clearTimeout(timer));
    return true;
  }

  /** That which has waited for the longest time for its request: what must be answered mostly sends it at once. */
  private dropExtra(): boolean {
    for (const [socket, { isExtra, underWay }] of this.open) {
      if (!isExtra || underWay.size > 0) continue;
      this.closed.refused++;
      this.destroy(socket);
      return true;
    }
    return false;
  }

  private destroy(socket: Socket): void {
    // Its place is free at once; Node says so only later.
    this.forget(socket);
    socket.destroy();
  }

  private forget(socket: Socket): void {
    if (this.open.get(socket)?.isExtra) this.extra--;
    this.open.delete(socket);
  }

  /** Of a connection whose protocol can say that it takes no more requests. */
  onGoAway(socket: Socket, goAway: EndBehind): void {
    const connection = this.open.get(socket);
    if (connection) connection.goAway = goAway;
  }

  /** @param endBehind tells the client that the connection ends behind this answer */
  begin(socket: Socket, res: Outgoing, endBehind: EndBehind): void {
    this.arrivals++;
    const connection = this.open.get(socket);
    connection?.underWay.set(res, endBehind);
    if (this.closing || connection?.isExtra || !this.keepIdle) endBehind();
    res.once('close', () => {
      if (!connection) return;
      connection.underWay.delete(res);
      connection.idleSince = performance.now();
    });
  }
}

function endConnectionAfter(res: ServerResponse): void {
  if (!res.headersSent) res.setHeader('Connection', 'close');
}
