import type { Request } from 'express';
import { LRUCache } from 'lru-cache';
import { EyrieError, type Limit } from '#core';
import { limitOf, type Config } from '../config';
import type { Asked } from './asked';
import { readForm } from './form/read-form';
import { inBodyTime } from './in-body-time';
import { BatchBody, SingleBody } from './json/bodies';
import { readJson, type BodyLimit } from './json/read-json';
import { requireUtf8 } from './require-utf8';
import { readBytes } from './read-body';
import type { Source } from './source';

export type UploadLimits = Pick<
  Config,
  'MAX_IMAGE_BYTES' | 'MAX_REQUEST_BYTES' | 'MAX_BATCH_ITEMS' | 'MAX_TABLE_ROWS' | 'BODY_TIMEOUT_MS'
>;

export interface ReceivedOne extends Asked {
  source: Source;
}

export interface ReceivedMany extends Asked {
  /** In the order in which they were sent. An item's own fault is that item's alone. */
  sources: readonly (Source | EyrieError)[];
}

/** base64 takes 4 bytes for 3; the rest is for the JSON around it. */
const inJson = (most: Limit): BodyLimit => ({
  maxBytes: Math.ceil((most.value * 4) / 3) + 4096,
  tooLarge: 'IMAGE_TOO_LARGE',
  bound: most,
});

/** Reads what a request brings, in whichever way it was sent. */
export class BodyReceiver {
  constructor(private readonly limits: UploadLimits) {}

  /** @throws EyrieError INVALID_REQUEST, INVALID_IMAGE, IMAGE_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, DEADLINE_EXCEEDED */
  receiveOne(req: Request): Promise<ReceivedOne> {
    return inBodyTime(this.limits, (signal) => this.readOne(req, signal));
  }

  /** @throws as `receiveOne` */
  receiveMany(req: Request): Promise<ReceivedMany> {
    return inBodyTime(this.limits, (signal) => this.readMany(req, signal));
  }

  private async readOne(req: Request, signal: AbortSignal): Promise<ReceivedOne> {
    const image = limitOf(this.limits, 'MAX_IMAGE_BYTES');
    switch (bodyKind(req)) {
      case 'form': {
        const limits = { field: 'file', file: image, all: image };
        const { files, topK } = await readForm(req, limits, signal);
        const [bytes] = files;
        if (!bytes) throw new EyrieError('INVALID_REQUEST', 'there is no file in the field "file"');
        return { source: { bytes: notEmpty(bytes, 'the file') }, topK };
      }
      case 'json': {
        const body = new SingleBody({ item: image }, decodedLength(req, image.value));
        await readJson(req, inJson(image), body, signal);
        return { source: body.source, ...body.asked };
      }
      case 'image':
        return { source: { bytes: notEmpty(await readBytes(req, image, signal), 'the body') } };
      case 'csv':
        throw new EyrieError('UNSUPPORTED_MEDIA_TYPE', 'a CSV is for /v1/predict/batch; here send one row as JSON');
      default:
        throw notThis(
          req,
          'multipart/form-data, application/json, or the image itself as image/* or application/octet-stream',
        );
    }
  }

  private async readMany(req: Request, signal: AbortSignal): Promise<ReceivedMany> {
    const limits = {
      item: limitOf(this.limits, 'MAX_IMAGE_BYTES'),
      all: limitOf(this.limits, 'MAX_REQUEST_BYTES'),
      items: limitOf(this.limits, 'MAX_BATCH_ITEMS'),
      rows: limitOf(this.limits, 'MAX_TABLE_ROWS'),
    };
    switch (bodyKind(req)) {
      case 'form': {
        const form = { field: 'files', file: limits.item, all: limits.all, files: limits.items };
        const { files, topK } = await readForm(req, form, signal);
        if (files.length === 0) throw new EyrieError('INVALID_REQUEST', 'there are no files in the field "files"');
        return { sources: files.map((bytes) => ({ bytes })), topK };
      }
      case 'json': {
        const body = new BatchBody(limits);
        await readJson(req, inJson(limits.all), body, signal);
        return { sources: body.sources, ...body.asked };
      }
      case 'csv':
        return { sources: [{ csv: await readCsvBody(req, limits.all, signal) }] };
      default:
        throw notThis(req, 'multipart/form-data, application/json or text/csv');
    }
  }
}

/** Of an image in base64 that is nearly all of the body. */
function decodedLength(req: Request, maxBytes: number): number | undefined {
  const length = Number(req.header('content-length') ?? NaN);
  return Number.isNaN(length) ? undefined : Math.min(maxBytes, Math.ceil((length * 3) / 4));
}
type KnownKind = 'form' | 'json' | 'image' | 'csv';
type BodyKind = KnownKind | 'other' | 'none';

/** Reading a type costs more than finding it. Of those with a boundary, which are longer, each is another one. */
const kinds = new LRUCache<string, KnownKind>({ max: 100 });
const LONGEST_KNOWN = 40;

/** @throws EyrieError UNSUPPORTED_MEDIA_TYPE for a compressed body: what it would become has no limit */
function bodyKind(req: Request): BodyKind {
  const { 'content-encoding': encoding, 'content-type': type } = req.headers;
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new EyrieError('UNSUPPORTED_MEDIA_TYPE', 'send the body as it is, without Content-Encoding');
  }
  const { 'content-length': length, 'transfer-encoding': chunked } = req.headers;
  const isAnnounced = chunked !== undefined || length !== undefined;
  const known = isAnnounced && type !== undefined ? knownKind(req, type) : undefined;
  return known ?? (chunked !== undefined || Number(length) > 0 ? 'other' : 'none');
}

function knownKind(req: Request, type: string): KnownKind | undefined {
  const found = kinds.get(type);
  if (found) return found;
  const kind = kindOf(req);
  if (kind && type.length <= LONGEST_KNOWN) kinds.set(type, kind);
  return kind;
}

/** By the type alone. */
function kindOf(req: Request): KnownKind | undefined {
  if (req.is('multipart/form-data')) return 'form';
  if (req.is('application/json')) return 'json';
  if (req.is(['image/*', 'application/octet-stream'])) return 'image';
  return req.is('text/csv') ? 'csv' : undefined;
}

/** @throws EyrieError INVALID_REQUEST, UNSUPPORTED_MEDIA_TYPE, IMAGE_TOO_LARGE */
async function readCsvBody(req: Request, most: Limit, signal: AbortSignal): Promise<Buffer> {
  requireUtf8(req, 'a CSV');
  const bytes = await readBytes(req, most, signal);
  if (bytes.length === 0) throw new EyrieError('INVALID_REQUEST', 'the CSV is empty');
  return bytes;
}

function notThis(req: Request, accepted: string): EyrieError {
  return bodyKind(req) === 'none'
    ? new EyrieError('INVALID_REQUEST', `the request has no body; send ${accepted}`)
    : new EyrieError('UNSUPPORTED_MEDIA_TYPE', `send ${accepted}`);
}

function notEmpty(bytes: Buffer, what: string): Buffer {
  if (bytes.length === 0) throw new EyrieError('INVALID_IMAGE', `${what} is empty`);
  return bytes;
}
