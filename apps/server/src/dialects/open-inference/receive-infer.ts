import type { Request } from 'express';
import { EyrieError } from '#core';
import type { Config } from '../../config';
import { feed } from '../../inputs/feed';
import { Gathered } from '../../inputs/gathered';
import { inBodyTime } from '../../inputs/in-body-time';
import { Allowance } from '../../inputs/json/allowance';
import { JsonError } from '../../inputs/json/json-error';
import { JsonReader } from '../../inputs/json/reader';
import { requirePlainBody } from '../../inputs/plain-body';
import { readBytes } from '../../inputs/read-body';
import { InferBody } from './infer-body';
import type { InferRequest } from './infer-request';

/** How many bytes of a body are JSON; what follows are the bytes of tensors. */
export const HEADER = 'Inference-Header-Content-Length';

export type InferLimits = Pick<Config, 'MAX_REQUEST_BYTES' | 'BODY_TIMEOUT_MS'>;

/**
 * Reads an inference request of the Open Inference Protocol, with Triton's extension for binary tensors
 * (https://github.com/triton-inference-server/server, docs/protocol/extension_binary_data.md): JSON, JSON with the bytes of some
 * of its inputs behind it, or with a header of 0 the bytes of the only input. Content-Type is not looked at: clients send none, or
 * what their tool has sent of itself.
 * @throws EyrieError INVALID_REQUEST, IMAGE_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, DEADLINE_EXCEEDED
 */
export async function receiveInfer(req: Request, limits: InferLimits): Promise<InferRequest> {
  requirePlainBody(req);
  const jsonBytes = headerLength(req.headers[HEADER.toLowerCase()]);
  const announced = req.headers['content-length'];
  const framing = { jsonBytes, bodyBytes: announced === undefined ? undefined : Number(announced) };
  return inBodyTime(limits.BODY_TIMEOUT_MS, async (signal) => {
    if (jsonBytes === 0) {
      return { inputs: await readBytes(req, limits.MAX_REQUEST_BYTES, signal), isBinary: true };
    }
    const body = new FramedBody(framing, limits.MAX_REQUEST_BYTES);
    await feed(req, (piece) => body.take(piece), signal);
    return body.end();
  });
}

/** @throws EyrieError INVALID_REQUEST */
function headerLength(text: string | string[] | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (typeof text === 'string' && /^\d{1,15}$/.test(text)) return Number(text);
  const said = JSON.stringify(String(text).slice(0, 40));
  throw new EyrieError('INVALID_REQUEST', `${HEADER} must be the number of bytes of the JSON; it is ${said}`);
}

interface Framing {
  /** undefined where nothing but JSON is sent. */
  jsonBytes?: number;
  /** undefined for a body that is sent in chunks. */
  bodyBytes?: number;
}

/** A body as it comes: first its JSON, then the bytes that the JSON speaks of. */
class FramedBody {
  private readonly schema: InferBody;
  private readonly reader: JsonReader;
  private readonly maxJsonBytes: number;
  private received = 0;
  private isJsonOver = false;
  private binary = new Gathered(0);
  private binaryLength = 0;

  constructor(
    private readonly framing: Framing,
    private readonly maxBytes: number,
  ) {
    // Of a file in base64, which takes 4 bytes for 3.
    this.maxJsonBytes = Math.ceil((maxBytes * 4) / 3) + 4096;
    const { jsonBytes, bodyBytes } = framing;
    if (jsonBytes !== undefined && bodyBytes !== undefined && jsonBytes > bodyBytes)
      throw this.headerTooLong(bodyBytes);
    if ((jsonBytes ?? bodyBytes ?? 0) > this.maxJsonBytes) throw this.tooLarge('JSON', this.maxJsonBytes);
    this.schema = new InferBody(new Allowance(maxBytes, 'the body'));
    this.reader = new JsonReader(this.schema);
  }

  take(piece: Buffer): void {
    const { jsonBytes = Infinity } = this.framing;
    const json = piece.subarray(0, Math.max(0, jsonBytes - this.received));
    this.received += piece.length;
    if (json.length > 0) this.takeJson(json);
    if (this.received >= jsonBytes && !this.isJsonOver) this.endJson();
    const rest = piece.subarray(json.length);
    if (rest.length > 0 && !this.binary.add(rest)) throw this.wrongSum(undefined);
  }

  end(): InferRequest {
    const { jsonBytes } = this.framing;
    if (jsonBytes !== undefined && this.received < jsonBytes) throw this.headerTooLong(this.received);
    if (!this.isJsonOver) this.endJson();
    const { bytes } = this.binary;
    if (bytes.length !== this.binaryLength) throw this.wrongSum(bytes.length);
    return this.schema.whole(bytes);
  }

  private takeJson(json: Buffer): void {
    if (this.received > this.maxJsonBytes && this.framing.jsonBytes === undefined) {
      throw this.tooLarge('JSON', this.maxJsonBytes);
    }
    this.withHeaderNamed(() => this.reader.write(json));
  }

  private endJson(): void {
    this.isJsonOver = true;
    this.withHeaderNamed(() => this.reader.end());
    const { jsonBytes, bodyBytes } = this.framing;
    const { binaryBytes } = this.schema;
    if (binaryBytes !== undefined && jsonBytes === undefined) {
      throw new EyrieError('INVALID_REQUEST', `"binary_data_size" needs the header ${HEADER}: the bytes of the JSON`);
    }
    this.binaryLength = binaryBytes ?? 0;
    const follows = jsonBytes === undefined || bodyBytes === undefined ? undefined : bodyBytes - jsonBytes;
    if (follows !== undefined && follows !== this.binaryLength) throw this.wrongSum(follows);
    if (this.binaryLength > this.maxBytes) throw this.tooLarge('bytes of tensors', this.maxBytes);
    this.binary = new Gathered(this.binaryLength, this.binaryLength);
  }

  /** Where JSON ends too early, or goes on, the header is as likely wrong as the JSON. */
  private withHeaderNamed(read: () => void): void {
    try {
      read();
    } catch (error) {
      const { jsonBytes } = this.framing;
      if (!(error instanceof JsonError) || jsonBytes === undefined) throw error;
      const said = `${HEADER} says that it has ${jsonBytes} bytes`;
      throw new EyrieError('INVALID_REQUEST', `${error.message}; ${said}`, { cause: error });
    }
  }

  private headerTooLong(bodyBytes: number): EyrieError {
    const said = `${HEADER} says that the JSON has ${this.framing.jsonBytes} bytes`;
    return new EyrieError('INVALID_REQUEST', `${said}, but the body has ${bodyBytes}`);
  }

  /** @param follows undefined where more comes than is known to be too much */
  private wrongSum(follows: number | undefined): EyrieError {
    const said = `"binary_data_size" of all inputs makes ${this.binaryLength} bytes`;
    return new EyrieError('INVALID_REQUEST', `${said}, but ${follows ?? 'more'} follow the JSON`);
  }

  private tooLarge(what: string, most: number): EyrieError {
    return new EyrieError('IMAGE_TOO_LARGE', `the body has more ${what} than the ${most} bytes that are allowed here`);
  }
}
