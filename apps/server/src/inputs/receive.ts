import type { Request, Response } from 'express';
import { EyrieError, waitWithin } from '#core';
import type { Config } from '../config';
import { parseBatchBody, parseSingleBody } from './json-body';
import { readBytes, readJson } from './read-body';
import { readForm } from './read-form';
import type { Source } from './source';

export type UploadLimits = Pick<
  Config,
  'MAX_IMAGE_BYTES' | 'MAX_REQUEST_BYTES' | 'MAX_BATCH_ITEMS' | 'BODY_TIMEOUT_MS'
>;

/** base64 takes 4 bytes for 3; the rest is for the JSON around it. */
const jsonLimit = (bytes: number): number => Math.ceil((bytes * 4) / 3) + 4096;

/** Reads what a request brings, in whichever way it was sent. */
export class BodyReceiver {
  constructor(private readonly limits: UploadLimits) {}

  /** @throws EyrieError INVALID_REQUEST, INVALID_IMAGE, IMAGE_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, DEADLINE_EXCEEDED */
  receiveOne(req: Request, res: Response): Promise<Source> {
    return this.inTime(this.readOne(req, res));
  }

  /** In the order in which they were sent. An item's own fault is that item's alone. */
  receiveMany(req: Request, res: Response): Promise<(Source | EyrieError)[]> {
    return this.inTime(this.readMany(req, res));
  }

  private async readOne(req: Request, res: Response): Promise<Source> {
    const { MAX_IMAGE_BYTES } = this.limits;
    switch (bodyKind(req)) {
      case 'form': {
        const limits = { field: 'file', maxFiles: 1, maxFileBytes: MAX_IMAGE_BYTES, maxBytes: MAX_IMAGE_BYTES };
        const [bytes] = await readForm(req, res, limits);
        if (!bytes) throw new EyrieError('INVALID_REQUEST', 'there is no file in the field "file"');
        return { bytes: notEmpty(bytes, 'the file') };
      }
      case 'json':
        return parseSingleBody(await readJson(req, jsonLimit(MAX_IMAGE_BYTES)), MAX_IMAGE_BYTES);
      case 'image':
        return { bytes: notEmpty(await readBytes(req, MAX_IMAGE_BYTES), 'the body') };
      default:
        throw notThis(
          req,
          'multipart/form-data, application/json, or the image itself as image/* or application/octet-stream',
        );
    }
  }

  private async readMany(req: Request, res: Response): Promise<(Source | EyrieError)[]> {
    const { MAX_IMAGE_BYTES, MAX_REQUEST_BYTES, MAX_BATCH_ITEMS } = this.limits;
    switch (bodyKind(req)) {
      case 'form': {
        const files = await readForm(req, res, {
          field: 'files',
          maxFiles: MAX_BATCH_ITEMS,
          maxFileBytes: MAX_IMAGE_BYTES,
          maxBytes: MAX_REQUEST_BYTES,
        });
        if (files.length === 0) throw new EyrieError('INVALID_REQUEST', 'there are no files in the field "files"');
        return files.map((bytes) => ({ bytes }));
      }
      case 'json':
        return parseBatchBody(await readJson(req, jsonLimit(MAX_REQUEST_BYTES)), this.limits);
      default:
        throw notThis(req, 'multipart/form-data or application/json');
    }
  }

  /** A client that sends a byte now and then must not hold a request open for ever. */
  private inTime<T>(reading: Promise<T>): Promise<T> {
    const ms = this.limits.BODY_TIMEOUT_MS;
    const onExpiry = (): EyrieError => new EyrieError('DEADLINE_EXCEEDED', `the body did not arrive within ${ms} ms`);
    return waitWithin({ ms, onExpiry }, reading);
  }
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
