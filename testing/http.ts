import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { basename, join } from 'node:path';

/** An answer with its body read, and parsed where it is JSON. */
export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
}

export async function request(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, init);
  const text = await response.text();
  const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: isJson && text !== '' ? JSON.parse(text) : undefined,
  };
}

/** The image as the body. */
export function postImage(url: string, image: Uint8Array, headers: Record<string, string> = {}): Promise<Answer> {
  return request(url, {
    method: 'POST',
    body: image as RequestInit['body'],
    headers: { 'Content-Type': 'application/octet-stream', ...headers },
  });
}

export function postJson(url: string, json: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  return request(url, {
    method: 'POST',
    body: typeof json === 'string' ? json : JSON.stringify(json),
    headers: { 'Content-Type': 'application/json', ...headers },
  });
}

/** Files, each in a field of a form. */
export function postForm(url: string, parts: [field: string, content: Uint8Array | string, name?: string][]) {
  const form = new FormData();
  for (const [field, content, name] of parts) {
    if (typeof content === 'string') form.append(field, content);
    else form.append(field, new Blob([content]), name ?? 'image.png');
  }
  return request(url, { method: 'POST', body: form });
}

/** One of the pictures in samples/, whose name is its class. */
export function sample(file: string): Buffer {
  return readFileSync(join(__dirname, '../samples', basename(file)));
}

/** A connection on which a test says exactly what it wants, valid HTTP or not. */
export class RawClient {
  private text = '';
  /** Bytes that the server's side took from us are in `socket.bytesWritten`. */
  private constructor(readonly socket: Socket) {
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => (this.text += chunk));
    // What happens to a connection is seen by what was received and by `closed`.
    socket.on('error', () => undefined);
  }

  static connect(port: number): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => resolve(new RawClient(socket)));
      socket.once('error', reject);
    });
  }

  get received(): string {
    return this.text;
  }

  /** The status of the first answer; 0 while there is none. */
  get status(): number {
    return Number(/^HTTP\/1\.1 (\d{3})/.exec(this.text)?.[1] ?? 0);
  }

  /** The first answer's JSON, once all of it is there. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  get body(): any {
    const [head = '', ...rest] = this.text.split('\r\n\r\n');
    const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? -1);
    const body = Buffer.from(rest.join('\r\n\r\n'), 'latin1');
    return length >= 0 && body.length >= length ? JSON.parse(body.subarray(0, length).toString()) : undefined;
  }

  get closed(): boolean {
    return this.socket.closed;
  }

  send(data: string | Uint8Array): void {
    if (this.socket.writable) this.socket.write(data);
  }

  leave(): void {
    this.socket.destroy();
  }
}
