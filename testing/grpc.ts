import { connect, type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2';
import { join } from 'node:path';
import protobuf from 'protobufjs';
import { REPOSITORY } from './registry';

const SERVICE = '/inference.GRPCInferenceService/';

/** The messages of the protocol, of the .proto file itself. */
const inference = protobuf.loadSync(
  join(REPOSITORY, 'apps/server/src/dialects/open-inference/grpc/open_inference.proto'),
);
const health = protobuf.loadSync(join(REPOSITORY, 'apps/server/src/grpc/health.proto'));

export function encode(name: string, message: object, packageName = 'inference'): Buffer {
  const type = (packageName === 'inference' ? inference : health).lookupType(`${packageName}.${name}`);
  return Buffer.from(type.encode(type.fromObject(message)).finish());
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- whatever the message is
export function decode(name: string, bytes: Buffer, packageName = 'inference'): any {
  const type = (packageName === 'inference' ? inference : health).lookupType(`${packageName}.${name}`);
  return type.toObject(type.decode(bytes), { longs: String, enums: String });
}

/** With the five bytes before it. */
export function framed(message: Uint8Array, { length = message.length, flag = 0 } = {}): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = flag;
  prefix.writeUInt32BE(length, 1);
  return Buffer.concat([prefix, message]);
}

/** How a call ended. */
export interface Outcome {
  /** Of gRPC; undefined where the call was reset. */
  status: number | undefined;
  message: string;
  /** Headers and trailers together. */
  metadata: Record<string, string>;
  messages: Buffer[];
  /** Of HTTP/2. */
  resetBy: number;
}

/** A client that knows of gRPC what its specification says of the wire, and sends what it is told. */
export class GrpcClient {
  private constructor(readonly session: ClientHttp2Session) {}

  static async connect(port: number, options: { ca?: Buffer; cert?: Buffer; key?: Buffer } = {}): Promise<GrpcClient> {
    const session = connect(`${options.ca ? 'https' : 'http'}://localhost:${port}`, options);
    session.on('error', () => undefined);
    await new Promise<void>((resolve, reject) => {
      session.once('connect', () => resolve()).once('error', reject);
      session.once('close', () => reject(new Error('closed')));
    });
    return new GrpcClient(session);
  }

  /** Opens a call and leaves it open. */
  open(method: string, headers: Record<string, string> = {}): Call {
    const path = method.startsWith('/') ? method : SERVICE + method;
    const fixed = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
    return new Call(this.session.request({ ...fixed, ...headers }));
  }

  /** A call with one message, or with these bytes. */
  async call(method: string, message: object | Buffer = {}, headers: Record<string, string> = {}): Promise<Outcome> {
    const call = this.open(method, headers);
    const request = method.startsWith('ModelStream') ? 'ModelInferRequest' : `${method}Request`;
    call.stream.end(Buffer.isBuffer(message) ? message : framed(encode(request, message)));
    return call.outcome;
  }

  /** The answer of a call that must succeed. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- whatever the message is
  async ask(method: string, message: object = {}, headers: Record<string, string> = {}): Promise<any> {
    const { status, message: why, messages } = await this.call(method, message, headers);
    if (status !== 0) throw new Error(`${method}: ${status} ${why}`);
    return decode(`${method}Response`, messages[0]!);
  }

  close(): void {
    this.session.destroy();
  }
}

export class Call {
  readonly messages: Buffer[] = [];
  readonly outcome: Promise<Outcome>;
  private received = Buffer.alloc(0);

  constructor(readonly stream: ClientHttp2Stream) {
    const metadata: Record<string, string> = {};
    const take = (headers: IncomingHttpHeaders): void => void Object.assign(metadata, headers);
    stream
      .on('response', take)
      .on('trailers', take)
      .on('error', () => undefined);
    stream.on('data', (piece: Buffer) => this.take(piece));
    this.outcome = new Promise((resolve) => {
      stream.once('close', () => {
        const status = metadata['grpc-status'];
        resolve({
          status: status === undefined ? undefined : Number(status),
          message: decodeURIComponent(metadata['grpc-message'] ?? ''),
          metadata,
          messages: this.messages,
          resetBy: stream.rstCode,
        });
      });
    });
  }

  send(name: string, message: object): void {
    this.stream.write(framed(encode(name, message)));
  }

  private take(piece: Buffer): void {
    this.received = Buffer.concat([this.received, piece]);
    while (this.received.length >= 5) {
      const length = this.received.readUInt32BE(1);
      if (this.received.length < 5 + length) return;
      this.messages.push(this.received.subarray(5, 5 + length));
      this.received = this.received.subarray(5 + length);
    }
  }
}
