import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Answer } from './http';
import { writeVersion } from './onnx-classifier';
import { writeTensorVersion } from './onnx-tensors';

/** An input whose bytes follow the JSON. */
export interface Binary {
  name: string;
  datatype: string;
  shape: number[];
  bytes: Uint8Array;
}

/** JSON, and behind it the bytes of these inputs. */
export function askInference(
  url: string,
  json: { inputs?: object[] },
  ...tensors: Binary[]
): Promise<Answer & { raw: Buffer }> {
  const described = tensors.map(({ bytes, ...rest }) => ({ ...rest, parameters: { binary_data_size: bytes.length } }));
  const head = Buffer.from(JSON.stringify({ ...json, inputs: [...(json.inputs ?? []), ...described] }));
  const headers = tensors.length > 0 ? { 'Inference-Header-Content-Length': String(head.length) } : undefined;
  const body = Buffer.concat([head, ...tensors.map(({ bytes }) => bytes)]);
  return bytesOf(url, { method: 'POST', body, headers });
}

/** An answer whose bytes are not to be taken for text. */
export async function bytesOf(url: string, init: RequestInit): Promise<Answer & { raw: Buffer }> {
  const response = await fetch(url, init);
  const all = Buffer.from(await response.arrayBuffer());
  const length = response.headers.get('inference-header-content-length');
  const text = String(all.subarray(0, length === null ? all.length : Number(length)));
  const raw = length === null ? Buffer.alloc(0) : all.subarray(Number(length));
  return { status: response.status, headers: response.headers, text, body: JSON.parse(text), raw };
}

/** Pictures as an input of BYTES. */
export const files = (...pictures: Uint8Array[]): Binary => ({
  name: 'input',
  datatype: 'BYTES',
  shape: [pictures.length],
  bytes: elements(...pictures),
});

/** The bytes of a BYTES tensor: each element with its length before it. */
export function elements(...bytes: Uint8Array[]): Buffer {
  return Buffer.concat(
    bytes.flatMap((element) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(element.length);
      return [length, element];
    }),
  );
}

/** Of a server with `writeModels`; its admin key is admin-key. */
export const SETTINGS = {
  MODEL_NAME: 'tensors',
  /** SHA-256 */
  ADMIN_API_KEYS: '69a5265506c94c77b787a7d7377b7685a0eff82e33920a71e7ee22cd6154953e',
  MAX_BATCH_ITEMS: '4',
  LOAD: 'all',
};

/** A model of tensors with a shadow, a classifier of pictures with a split, and one of many labels. */
export function writeModels(registry: string): void {
  writeTensorVersion(registry, 'tensors', 1);
  writeTensorVersion(registry, 'tensors', 2, 3);
  writeVersion(registry, 'pictures', 1);
  writeVersion(registry, 'pictures', 2, { seed: 2 });
  const output = { name: 'output', activation: 'sigmoid', multi_label: true, threshold: 0.9 };
  writeVersion(registry, 'tags', 1, { manifest: { output } });
  const policy = { revision: 1, aliases: { challenger: 2 }, default: 1, shadows: [{ version: 2, percent: 100 }] };
  writeFileSync(join(registry, 'tensors/policy.json'), JSON.stringify(policy));
  const split = {
    revision: 1,
    aliases: { champion: 1 },
    default: 1,
    variants: [
      { name: 'old', version: 1, weight: 50 },
      { name: 'new', version: 2, weight: 50 },
    ],
  };
  writeFileSync(join(registry, 'pictures/policy.json'), JSON.stringify(split));
}
