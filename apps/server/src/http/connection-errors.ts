import { randomUUID } from 'node:crypto';
import { maxHeaderSize, STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import type { Limit } from '#core';
import { problem, PROBLEM_TYPE } from './problem';

interface ParserError extends Error {
  code?: string;
  /** What a late body was over, where it is not the time of headers. */
  bound?: Limit;
}

const CLOSE_AFTER_MS = 1_000;

interface Refusal {
  status: number;
  detail: string;
}

/** Requests that Node refuses before any of our code sees them get a problem and a log line, too. */
export function answerConnectionErrors(server: Server, logger: Logger, headersTime: Limit): void {
  const refused = new WeakSet<Socket>();
  const last = new WeakMap<Socket, IncomingMessage>();
  server.on('request', (req: IncomingMessage) => last.set(req.socket, req));
  server.on('clientError', (error: ParserError, socket: Socket & { _httpMessage?: ServerResponse | null }) => {
    // What it goes on to send is an error again.
    if (refused.has(socket)) return;
    // Nobody sent anything wrong: the client has left in the middle of an upload, be it that it has its answer already.
    const hasLeft = error.code === 'HPE_INVALID_EOF_STATE' && last.get(socket)?.complete === false;
    // An answer that has begun cannot be taken back.
    if (hasLeft || error.code === 'ECONNRESET' || !socket.writable || socket._httpMessage?.headersSent) {
      socket.destroy();
      return;
    }
    refused.add(socket);
    answerRaw(socket, explain(error, headersTime), logger);
  });
  server.on('connect', (_req: IncomingMessage, socket: Duplex) => {
    // Node has taken its own listener away.
    socket.on('error', () => socket.destroy());
    answerRaw(socket, { status: 405, detail: 'this server is no proxy; it has no CONNECT' }, logger);
  });
  server.on('checkExpectation', (_req: IncomingMessage, res: ServerResponse) => {
    const refusal = { status: 417, detail: 'the only expectation that can be met is 100-continue' };
    const { headers, body } = refuse(refusal, logger);
    res.writeHead(refusal.status, headers).end(body);
  });
}

/** On a connection of which Node's HTTP server wants to know nothing more. */
function answerRaw(socket: Duplex, refusal: Refusal, logger: Logger): void {
  const { headers, body } = refuse(refusal, logger);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}\r\n${lines.join('')}\r\n${body}`);
  // Not at once: a connection that is closed on unread data takes the answer with it.
  setTimeout(() => socket.destroy(), CLOSE_AFTER_MS).unref();
}

function refuse({ status, detail }: Refusal, logger: Logger): { headers: Record<string, string>; body: string } {
  const requestId = randomUUID();
  logger.warn({ request_id: requestId, status, detail }, `refused before it was a request: ${status}`);
  const body = JSON.stringify({ ...problem('INVALID_REQUEST', detail, requestId), status });
  return {
    headers: {
      'X-Request-Id': requestId,
      Connection: 'close',
      'Content-Type': PROBLEM_TYPE,
      'Content-Length': String(Buffer.byteLength(body)),
    },
    body,
  };
}

function explain(error: ParserError, headersTime: Limit): Refusal {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return {
        status: 431,
        detail: `the headers have more bytes than are allowed (--max-http-header-size=${maxHeaderSize})`,
      };
    case 'ERR_HTTP_REQUEST_TIMEOUT': {
      const { setting, value } = error.bound ?? headersTime;
      return { status: 408, detail: `the request did not arrive in time (${setting}=${value})` };
    }
    default:
      return { status: 400, detail: `this is no valid HTTP request: ${error.message}` };
  }
}
