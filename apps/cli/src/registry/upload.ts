import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Failure } from '../failure';
import type { ServerAccess } from './server-access';

/** A field of a form: a text, or the path of a file. */
export type FormPart = { field: string; text: string } | { field: string; path: string };

export interface UploadOptions {
  signal: AbortSignal;
  /** Told how many bytes have been sent of how many. */
  onProgress?: (sent: number, total: number) => void;
}

/**
 * Posts a form whose files are read while they are sent, however large they are. The answer may take as long as the server needs.
 * @throws EyrieError as the server answered, Failure when no server answers or a file cannot be read; the signal's reason
 */
export async function upload<T>(
  server: ServerAccess,
  path: string,
  parts: readonly FormPart[],
  { signal, onProgress }: UploadOptions,
): Promise<T> {
  signal.throwIfAborted();
  const boundary = `eyrie-${randomBytes(16).toString('hex')}`;
  const pieces = await Promise.all(parts.map((part) => pieceOf(part, boundary)));
  const end = `--${boundary}--\r\n`;
  const total = pieces.reduce((sum, { bytes }) => sum + bytes, 0) + end.length;
  const url = server.urlOf(path);
  const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
    method: 'POST',
    signal,
    headers: {
      ...server.authorization,
      'Content-Type': `multipart/form-data; boundary=${boundary}`,
      'Content-Length': total,
    },
  });
  // A server that refuses says so while the file is still being sent.
  const answered = answerOf(request);
  answered.catch(() => undefined);
  try {
    await pipeline(Readable.from(contentOf(pieces, end, total, onProgress)), request);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof Failure) {
      request.destroy();
      throw error;
    }
    // The connection is closed once the refusal is there.
    const response = await answered.catch(() => undefined);
    if (!response) throw server.noAnswer(error as Error);
  }
  let response: { status: number; text: string };
  try {
    response = await answered;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw server.noAnswer(error as Error);
  }
  return server.read<T>(response.status, response.text);
}

interface Piece {
  head: string;
  path?: string;
  bytes: number;
}

async function pieceOf(part: FormPart, boundary: string): Promise<Piece> {
  const begin = `--${boundary}\r\nContent-Disposition: form-data; name="${part.field}"`;
  if ('text' in part) {
    const head = `${begin}\r\n\r\n${part.text}`;
    return { head, bytes: Buffer.byteLength(head) + 2 };
  }
  const name = basename(part.path).replace(/["\r\n]/g, '_');
  const head = `${begin}; filename="${name}"\r\nContent-Type: application/octet-stream\r\n\r\n`;
  const { size } = await statFile(part.path);
  return { head, path: part.path, bytes: Buffer.byteLength(head) + size + 2 };
}

async function statFile(path: string): Promise<{ size: number }> {
  try {
    const found = await stat(path);
    if (!found.isFile()) throw new Error('it is no file');
    return found;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Failure(`cannot read ${path}: ${code === 'ENOENT' ? 'it is not there' : message}`);
  }
}

async function* contentOf(
  pieces: readonly Piece[],
  end: string,
  total: number,
  onProgress: UploadOptions['onProgress'],
): AsyncGenerator<Buffer> {
  let sent = 0;
  const count = (bytes: Buffer): Buffer => {
    sent += bytes.length;
    onProgress?.(sent, total);
    return bytes;
  };
  for (const { head, path } of pieces) {
    yield count(Buffer.from(head));
    if (path !== undefined) {
      try {
        for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 })) yield count(chunk as Buffer);
      } catch (error) {
        throw new Failure(`cannot read ${path}: ${(error as Error).message}`);
      }
    }
    yield count(Buffer.from('\r\n'));
  }
  yield count(Buffer.from(end));
}

function answerOf(request: ClientRequest): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    request.on('error', reject);
    request.once('response', (response: IncomingMessage) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.once('end', () => {
        resolve({ status: response.statusCode ?? 0, text });
        // Nobody reads the rest.
        if (!request.writableEnded) request.destroy();
      });
      response.once('error', reject);
    });
  });
}
