/** Numbers as base64 of their bytes. */
export function encodeNumbers({ buffer, byteOffset, byteLength }: Int32Array | Float64Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}

/** @throws RangeError where the bytes are no whole numbers */
export function decodeNumbers<T>(text: string, array: new (buffer: ArrayBuffer) => T): T {
  return new array(Uint8Array.from(Buffer.from(text, 'base64')).buffer);
}
