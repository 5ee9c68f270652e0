import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Request, RequestHandler, Response } from 'express';

/** A file that a browser asks for: made when somebody first asks for it, and kept. */
export interface Page {
  readonly type: string;
  readonly body: Buffer;
  /** Of the body, and in the tags of what is sent. */
  readonly digest: string;
  /** The same, compressed; undefined where that saves nothing. */
  readonly gzipped?: Buffer;
}

export type MakePage = () => Promise<Page>;

export function madeOnce(type: string, make: () => string | Buffer | Promise<string | Buffer>): MakePage {
  let page: Promise<Page> | undefined;
  const render = async (): Promise<Page> => {
    const body = Buffer.from(await make());
    const digest = createHash('sha256').update(body).digest('base64url').slice(0, 27);
    return { type, body, digest, gzipped: await compressed(type, body) };
  };
  return () => {
    // What could not be read is tried again.
    page ??= render().catch((error: unknown) => {
      page = undefined;
      throw error;
    });
    return page;
  };
}

/**
 * Answers GET and HEAD for these paths, and hands on all else. One look into a map: as routes, the files of two pages would stand
 * before every prediction, to be compared with its path one by one.
 * @param prepare before a page is sent
 */
export function servePages(pages: ReadonlyMap<string, MakePage>, prepare?: (res: Response) => void): RequestHandler {
  // As in routes, capitals make no difference; nor does a slash at the end, unless there is a page with one.
  const folded = new Map([...pages].map(([path, page]) => [path.toLowerCase(), page]));
  const find = (path: string): MakePage | undefined => folded.get(path) ?? folded.get(path.replace(/\/$/, ''));
  return async (req, res, next): Promise<void> => {
    if (req.method !== 'GET' && req.method !== 'HEAD') return next();
    const page = find(req.path.toLowerCase());
    if (!page) return next();
    prepare?.(res);
    sendPage(req, res, await page());
  };
}

/** Not sent again to who has it. */
function sendPage(req: Request, res: Response, { type, body, digest, gzipped }: Page): void {
  const isZipped = gzipped !== undefined && req.acceptsEncodings('gzip') !== false;
  if (gzipped) res.vary('Accept-Encoding');
  // Other bytes have another tag.
  res.setHeader('ETag', isZipped ? `"${digest}-gzip"` : `"${digest}"`);
  res.setHeader('Cache-Control', 'no-cache');
  if (req.fresh) {
    res.status(304).end();
    return;
  }
  const sent = isZipped ? gzipped : body;
  if (isZipped) res.setHeader('Content-Encoding', 'gzip');
  res.setHeader('Content-Type', type);
  res.setHeader('Content-Length', sent.length);
  res.end(sent);
}

/** Pictures are compressed already. */
async function compressed(type: string, body: Buffer): Promise<Buffer | undefined> {
  if (!/^(text\/|application\/json)/.test(type) || body.length < 1024) return undefined;
  return promisify(gzip)(body, { level: 9 });
}
