import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { ClientLeftError } from '../http/request-context';
import type { Trailers } from './status';

/** Smaller messages are copied into one piece, which costs less than several. */
const ONE_PIECE = 64 * 1024;
const PREFIX_BYTES = 5;

/** The answering half of one call: metadata, messages, and the status behind them. */
export class GrpcCall {
  private readonly metadata: OutgoingHttpHeaders = {};
  private trailers: Trailers | undefined;

  /** @param answerTimeoutMs how long a client may go without taking any of its answer */
  constructor(
    readonly stream: ServerHttp2Stream,
    private readonly answerTimeoutMs: number,
  ) {
    // Each of its messages waits for its end.
    stream.setMaxListeners(0);
    // A client that is gone is told of by 'close'.
    stream.on('error', () => undefined);
    stream.on('timeout', () => stream.close(constants.NGHTTP2_CANCEL));
    stream.on('wantTrailers', () => {
      stream.sendTrailers({ ...this.trailers });
      setImmediate(() => this.readNoMore());
    });
  }

  /** The status has been sent, or is on its way. */
  get hasEnded(): boolean {
    return this.trailers !== undefined || this.stream.destroyed;
  }

  /** Goes before the first message; nothing happens where that is sent. */
  setMetadata(name: string, value: string): void {
    if (!this.stream.headersSent) this.metadata[name.toLowerCase()] = value;
  }

  /** Resolves when more may be sent. @param parts of one message @throws ClientLeftError */
  async send(parts: readonly Uint8Array[]): Promise<void> {
    const { stream } = this;
    if (this.hasEnded) throw new ClientLeftError();
    if (!stream.headersSent) stream.respond(this.head(), { waitForTrailers: true });
    const size = parts.reduce((sum, { length }) => sum + length, 0);
    const prefix = Buffer.alloc(PREFIX_BYTES);
    prefix.writeUInt32BE(size, 1);
    const pieces = size <= ONE_PIECE ? [Buffer.concat([prefix, ...parts])] : [prefix, ...parts];
    const hasRoom = pieces.map((piece) => stream.write(piece)).at(-1);
    if (!hasRoom) await this.drained();
  }

  /** Nothing happens where it has ended. */
  end(trailers: Trailers): void {
    if (this.hasEnded) return;
    this.trailers = trailers;
    const { stream } = this;
    stream.setTimeout(this.answerTimeoutMs);
    if (stream.headersSent) {
      stream.end();
      return;
    }
    stream.once('finish', () => this.readNoMore());
    stream.respond({ ...this.head(), ...trailers }, { endStream: true });
  }

  /** For what is no call of gRPC. */
  refuse(status: number): void {
    this.trailers = {};
    this.stream.respond({ ':status': status }, { endStream: true });
    this.stream.close(constants.NGHTTP2_NO_ERROR);
  }

  /** What the client may still be sending. */
  private readNoMore(): void {
    const { stream } = this;
    if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
  }

  private head(): OutgoingHttpHeaders {
    return {
      ':status': 200,
      'content-type': 'application/grpc',
      'grpc-accept-encoding': 'identity',
      ...this.metadata,
    };
  }

  private drained(): Promise<void> {
    const { stream } = this;
    return new Promise((resolve, reject) => {
      stream.setTimeout(this.answerTimeoutMs);
      const over = (): void => {
        stream.off('drain', drained).off('close', left).setTimeout(0);
      };
      const drained = (): void => {
        over();
        resolve();
      };
      const left = (): void => {
        over();
        reject(new ClientLeftError());
      };
      stream.once('drain', drained).once('close', left);
    });
  }
}
