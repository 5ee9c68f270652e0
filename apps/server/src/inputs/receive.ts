import type { Request } from 'express';
import { EyrieError } from '#core';
import type { Config } from '../config';
import type { Asked } from './asked';
import { readForm } from './form/read-form';
import { inBodyTime } from './in-body-time';
import { BatchBody, SingleBody } from './json/bodies';
import { readJson } from './json/read-json';
import { readBytes } from './read-body';
import type { Source } from './source';

export type UploadLimits = Pick<
  Config,
  'MAX_IMAGE_BYTES' | 'MAX_REQUEST_BYTES' | 'MAX_BATCH_ITEMS' | 'BODY_TIMEOUT_MS'
>;

export interface ReceivedOne extends Asked {
  source: Source;
}

export interface ReceivedMany extends Asked {
  /** In the order in which they were sent. An item's own fault is that item's alone. */
  sources: readonly (Source | EyrieError)[];
}

/** base64 takes 4 bytes for 3; the rest is for the JSON around it. */
const jsonLimit = (bytes: number): number => Math.ceil((bytes * 4) / 3) + 4096;

/** Reads what a request brings, in whichever way it was sent. */
export class BodyReceiver {
  constructor(private readonly limits: UploadLimits) {}

  /** @throws EyrieError INVALID_REQUEST, INVALID_IMAGE, IMAGE_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, DEADLINE_EXCEEDED */
  receiveOne(req: Request): Promise<ReceivedOne> {
    return inBodyTime(this.limits.BODY_TIMEOUT_MS, (signal) => this.readOne(req, signal));
  }

  /** @throws as `receiveOne` */
  receiveMany(req: Request): Promise<ReceivedMany> {
    return inBodyTime(this.limits.BODY_TIMEOUT_MS, (signal) => this.readMany(req, signal));
  }

  private async readOne(req: Request, signal: AbortSignal): Promise<ReceivedOne> {
    const { MAX_IMAGE_BYTES } = this.limits;
    switch (bodyKind(req)) {
      case 'form': {
        const limits = { field: 'file', maxFiles: 1, maxFileBytes: MAX_IMAGE_BYTES, maxBytes: MAX_IMAGE_BYTES };
        const { files, topK } = await readForm(req, limits, signal);
        const [bytes] = files;
        if (!bytes) throw new EyrieError('INVALID_REQUEST', 'there is no file in the field "file"');
        return { source: { bytes: notEmpty(bytes, 'the file') }, topK };
      }
      case 'json': {
        const body = new SingleBody({ maxItemBytes: MAX_IMAGE_BYTES }, decodedLength(req, MAX_IMAGE_BYTES));
        await readJson(req, jsonLimit(MAX_IMAGE_BYTES), body, signal);
        return { source: body.source, ...body.asked };
      }
      case 'image':
        return { source: { bytes: notEmpty(await readBytes(req, MAX_IMAGE_BYTES, signal), 'the body') } };
      default:
        throw notThis(
          req,
          'multipart/form-data, application/json, or the image itself as image/* or application/octet-stream',
        );
    }
  }

  private async readMany(req: Request, signal: AbortSignal): Promise<ReceivedMany> {
    const { MAX_IMAGE_BYTES, MAX_REQUEST_BYTES, MAX_BATCH_ITEMS } = this.limits;
    switch (bodyKind(req)) {
      case 'form': {
        const { files, topK } = await readForm(
          req,
          {
            field: 'files',
            maxFiles: MAX_BATCH_ITEMS,
            maxFileBytes: MAX_IMAGE_BYTES,
            maxBytes: MAX_REQUEST_BYTES,
          },
          signal,
        );
        if (files.length === 0) throw new EyrieError('INVALID_REQUEST', 'there are no files in the field "files"');
        return { sources: files.map((bytes) => ({ bytes })), topK };
      }
      case 'json': {
        const limits = { maxItemBytes: MAX_IMAGE_BYTES, maxBytes: MAX_REQUEST_BYTES, maxItems: MAX_BATCH_ITEMS };
        const body = new BatchBody(limits);
        await readJson(req, jsonLimit(MAX_REQUEST_BYTES), body, signal);
        return { sources: body.sources, ...body.asked };
      }
      default:
        throw notThis(req, 'multipart/form-data or application/json');
    }
  }
}

/** Of an image in base64 that is nearly all of the body. */
function decodedLength(req: Request, maxBytes: number): number | undefined {
  const length = Number(req.header('content-length') ?? NaN);
  return Number.isNaN(length) ? undefined : Math.min(maxBytes, Math.ceil((length * 3) / 4));
}
type BodyKind = 'form' | 'json' | 'image' | 'other' | 'none';

/** @throws EyrieError UNSUPPORTED_MEDIA_TYPE for a compressed body: what it would become has no limit */
function bodyKind(req: Request): BodyKind {
  const encoding = req.header('content-encoding') ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') {
    throw new EyrieError('UNSUPPORTED_MEDIA_TYPE', 'send the body as it is, without Content-Encoding');
  }
  if (req.is('multipart/form-data')) return 'form';
  if (req.is('application/json')) return 'json';
  if (req.is(['image/*', 'application/octet-stream'])) return 'image';
  const isThere = req.header('transfer-encoding') !== undefined || Number(req.header('content-length')) > 0;
  return isThere ? 'other' : 'none';
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
