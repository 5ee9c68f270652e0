import { once } from 'node:events';
import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type ServerHttp2Session,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { Connections } from '../http/connections';
import type { GrpcStage } from './stage';

/** As many headers as over HTTP/1; clients are told, and keep to it. */
const MOST_HEADER_BYTES = 16 * 1024;
/** Calls on one connection; what a client has beyond them waits there. */
const MOST_CALLS = 100;

/** Of TLS, all in PEM. */
export interface Certificates {
  cert: Buffer;
  key: Buffer;
  /** Who signs those of clients, who must have one then. */
  ca?: Buffer;
}

/** Listens for calls, and counts connections with those of HTTP. @throws Error of the system, as `server.listen` */
export async function listen(
  stage: GrpcStage,
  connections: Connections,
  { host, port, tls }: { host: string; port: number; tls?: Certificates },
): Promise<{ server: Http2Server | Http2SecureServer; port: number }> {
  const settings = { maxHeaderListSize: MOST_HEADER_BYTES, maxConcurrentStreams: MOST_CALLS, enablePush: false };
  const server = tls
    ? createSecureServer({
        ...tls,
        requestCert: tls.ca !== undefined,
        rejectUnauthorized: tls.ca !== undefined,
        settings,
      })
    : createServer({ settings });
  const sockets = new Map<string, Socket>();
  server.prependListener('connection', (socket: Socket) => {
    connections.accept(socket);
    const peer = peerOf(socket);
    sockets.set(peer, socket);
    socket.once('close', () => sockets.delete(peer));
    // Of one that is no HTTP/2, or leaves in the middle of it.
    socket.on('error', () => socket.destroy());
  });
  server.on('session', (session: ServerHttp2Session) => {
    const socket = sockets.get(peerOf(session.socket));
    if (!socket) {
      session.destroy();
      return;
    }
    session.on('error', () => undefined);
    connections.onGoAway(socket, () => session.close());
    session.on('stream', (stream, headers) => stage.take(stream, headers, socket));
  });
  server.on('sessionError', () => undefined);
  server.on('tlsClientError', (_error: Error, socket: Socket) => socket.destroy());
  server.listen(port, host);
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

/** The connection of a session is behind the one that it shows, with TLS a second one. */
function peerOf({ remoteAddress, remotePort }: Pick<Socket, 'remoteAddress' | 'remotePort'>): string {
  return `${remoteAddress} ${remotePort}`;
}
