import { EyrieError, invalidField } from '#core';
import { isDeeperThan } from '#validation';
import type { Source } from './source';

/** An object in an array in an object, and the nested lists of a tensor in it. */
const MAX_JSON_DEPTH = 24;

/** `{"image": base64 or data: URI}`, `{"url": …}` or `{"inputs": {…}, "outputs": […]}` @throws EyrieError INVALID_REQUEST, IMAGE_TOO_LARGE */
export function parseSingleBody(json: unknown, maxBytes: number): Source {
  return parseItem(asObject(json), '', maxBytes);
}

/** `{"items": [{"image"…} | {"url"…} | {"inputs"…}]}`. An item that is wrong is that item's error, not the whole request's. */
export function parseBatchBody(
  json: unknown,
  limits: { MAX_BATCH_ITEMS: number; MAX_IMAGE_BYTES: number },
): (Source | EyrieError)[] {
  const body = asObject(json);
  refuseOtherKeys(body, ['items'], '');
  const { items } = body;
  if (!Array.isArray(items) || items.length === 0 || items.length > limits.MAX_BATCH_ITEMS) {
    throw invalidField('items', `must be a list of 1 to ${limits.MAX_BATCH_ITEMS} items`);
  }
  return items.map((item: unknown, index) => {
    try {
      return parseItem(asObject(item, `items[${index}]`), `items[${index}].`, limits.MAX_IMAGE_BYTES);
    } catch (error) {
      return error as EyrieError;
    }
  });
}

function parseItem(item: Record<string, unknown>, path: string, maxBytes: number): Source {
  refuseOtherKeys(item, ['image', 'url', 'inputs', 'outputs'], path);
  const { image, url, inputs, outputs } = item;
  if ([image, url, inputs].filter((given) => given !== undefined).length !== 1) {
    const what = path ? path.slice(0, -1) : 'the body';
    throw new EyrieError('INVALID_REQUEST', `${what} needs exactly one of "image" and "url", or of tensors "inputs"`);
  }
  if (inputs !== undefined) {
    if (typeof inputs !== 'object' || inputs === null || Array.isArray(inputs)) {
      throw invalidField(`${path}inputs`, 'must be an object with the inputs of the model by name');
    }
    return { inputs: inputs as Record<string, unknown>, outputs, path };
  }
  if (outputs !== undefined) throw invalidField(`${path}outputs`, 'belongs to "inputs", which are not there');
  if (url !== undefined) {
    if (typeof url !== 'string') throw invalidField(`${path}url`, 'must be a string');
    return { url };
  }
  if (typeof image !== 'string') throw invalidField(`${path}image`, 'must be a string, base64 or a data: URI');
  return { bytes: decodeBase64(image, `${path}image`, maxBytes) };
}

const DATA_URI = /^data:[^,;]*(?:;[^,;]*)*;base64,/i;
const BASE64 = /^(?:[A-Za-z0-9+/_-]{4})*(?:[A-Za-z0-9+/_-]{2,3}={0,2})?$/;

/** Standard or URL-safe base64, with or without padding and line breaks, bare or as a data: URI. */
function decodeBase64(text: string, field: string, maxBytes: number): Buffer {
  const start = text.slice(0, 5).toLowerCase() === 'data:' ? (DATA_URI.exec(text.slice(0, 200))?.[0].length ?? -1) : 0;
  if (start < 0) throw invalidField(field, 'is a data: URI that is not base64');
  const digits = text.slice(start).replace(/[\r\n\t ]/g, '');
  if (digits === '') throw new EyrieError('INVALID_IMAGE', `${field} is empty`);
  if (!isBase64(digits)) throw invalidField(field, 'is not valid base64');
  const bytes = Buffer.from(digits, 'base64');
  if (bytes.length > maxBytes) {
    throw new EyrieError('IMAGE_TOO_LARGE', `${field} has ${bytes.length} bytes; at most ${maxBytes} are allowed`);
  }
  return bytes;
}

// Checked in pieces: a regular expression with a repeated group runs out of stack on a long string.
function isBase64(digits: string): boolean {
  const piece = 4 * 16_384;
  for (let at = 0; at < digits.length; at += piece) {
    const last = at + piece >= digits.length;
    const part = digits.slice(at, at + piece);
    if (!BASE64.test(part) || (!last && part.includes('='))) return false;
  }
  return true;
}

function asObject(json: unknown, path = ''): Record<string, unknown> {
  const name = path || 'the body';
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new EyrieError('INVALID_REQUEST', `${name} must be a JSON object`);
  }
  if (isDeeperThan(json, MAX_JSON_DEPTH)) throw new EyrieError('INVALID_REQUEST', `${name} is nested too deeply`);
  return json as Record<string, unknown>;
}

function refuseOtherKeys(body: Record<string, unknown>, known: readonly string[], path: string): void {
  const unknown = Object.keys(body).filter((key) => !known.includes(key));
  if (unknown.length === 0) return;
  const errors = unknown.slice(0, 20).map((key) => ({ field: `${path}${key}`, detail: 'is not known here' }));
  const names = errors.map(({ field }) => `"${field.slice(0, 100)}"`).join(', ');
  throw new EyrieError('INVALID_REQUEST', `unknown field ${names}; known here: ${known.join(', ')}`, { errors });
}
