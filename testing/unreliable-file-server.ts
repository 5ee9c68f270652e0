import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ServedFile {
  content: Uint8Array;
  etag?: string;
}

/** How one request is answered. */
export type Behaviour = (request: IncomingMessage, response: ServerResponse, file: ServedFile) => void;

/** A real HTTP server with one file at every path, which answers as a test tells it to and otherwise as it should. */
export class UnreliableFileServer {
  readonly requests: IncomingMessage[] = [];
  readonly url: string;
  private readonly next: Behaviour[] = [];
  private cut: { at: number; connection: ServerResponse } | null = null;

  private constructor(
    private readonly server: Server,
    public file: ServedFile,
  ) {
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(content: Uint8Array, etag?: string): Promise<UnreliableFileServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const self = new UnreliableFileServer(server, { content, etag });
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      self.requests.push(request);
      (self.next.shift() ?? serve)(request, response, self.file);
    });
    return self;
  }

  /** The next requests are answered so, one after the other. */
  answers(...behaviours: Behaviour[]): void {
    this.next.push(...behaviours);
  }

  /** What each request asked for: `bytes=100-`, or undefined for everything. */
  get ranges(): (string | undefined)[] {
    return this.requests.map(({ headers }) => headers.range);
  }

  /** Serves `bytes` more bytes and breaks the connection when `received` says that they are there. */
  cutAfter(bytes: number): Behaviour {
    return (request, response, file) => {
      this.cut = { at: startOf(request.headers) + bytes, connection: response };
      stallAfter(bytes)(request, response, file);
    };
  }

  /** The client has everything up to this byte of the file: what was to be cut here can be cut. */
  received(position: number): void {
    if (this.cut?.at !== position) return;
    this.cut.connection.destroy();
    this.cut = null;
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}

interface Answer {
  status: number;
  headers: Record<string, string | number>;
  body: Uint8Array;
}

/** What HTTP has a server answer, with ranges and If-Range. */
function goodAnswer(asked: IncomingMessage['headers'], { content, etag }: ServedFile): Answer {
  const start = startOf(asked);
  const ifRange = asked['if-range'];
  const size = content.length;
  const tag: Answer['headers'] = etag ? { etag } : {};
  if (start === 0 || (ifRange !== undefined && ifRange !== etag)) {
    return { status: 200, headers: { ...tag, 'content-length': size }, body: content };
  }
  if (start >= size) return { status: 416, headers: { 'content-range': `bytes */${size}` }, body: new Uint8Array() };
  const headers = { ...tag, 'content-length': size - start, 'content-range': `bytes ${start}-${size - 1}/${size}` };
  return { status: 206, headers, body: content.subarray(start) };
}

export const serve: Behaviour = (request, response, file) => {
  const { status, headers, body } = goodAnswer(request.headers, file);
  response.writeHead(status, headers).end(body);
};

export const serveWithoutRanges: Behaviour = (_, response, file) => {
  const { status, headers, body } = goodAnswer({}, file);
  response.writeHead(status, headers).end(body);
};

/** Serves something else of the same size. */
export const serveOtherBytes: Behaviour = (request, response, file) => {
  serve(request, response, { ...file, content: file.content.map((byte) => byte ^ 1) });
};

/** Serves `bytes` more bytes and then nothing, with the connection open. */
export const stallAfter =
  (bytes: number): Behaviour =>
  (request, response, file) => {
    const { status, headers, body } = goodAnswer(request.headers, file);
    response.writeHead(status, headers).flushHeaders();
    response.write(body.subarray(0, bytes));
  };

export const neverAnswer: Behaviour = () => undefined;

export const answer =
  (status: number, headers: Record<string, string | number> = {}, body: string | Uint8Array = 'no'): Behaviour =>
  (_, response) =>
    response.writeHead(status, headers).end(body);

export const redirectTo = (location: string, status = 302) => answer(status, { location });

/** Never says how much there is, and never stops. */
export const sendWithoutEnd: Behaviour = (_, response) => {
  const more = () => {
    while (!response.destroyed && response.write(Buffer.alloc(65_536))) continue;
  };
  response.on('drain', more);
  more();
};

function startOf({ range }: IncomingMessage['headers']): number {
  return Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
}
