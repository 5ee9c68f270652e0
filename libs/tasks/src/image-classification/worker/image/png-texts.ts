const SIGNATURE_BYTES = 8;
/** Compressed texts of fewer bytes unfold to some megabytes at most: they are left where they are. */
const MOST_TEXT_BYTES = 4096;
/** libvips looks at each of them. */
const MOST_TEXTS = 100;

/**
 * A PNG without its compressed texts, which the decoder would unfold, all of them and whatever becomes of them: a megabyte can hold a
 * gigabyte of zeros. Nothing in them is needed to decode (PNG specification, 11.3.3); what orientation they say is read elsewhere.
 * @returns the same bytes where there are few
 */
export function withoutTexts(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts: { from: number; end: number }[] = [];
  let total = 0;
  for (let at = SIGNATURE_BYTES; at + 12 <= bytes.length;) {
    const end = at + 12 + view.getUint32(at);
    if (end > bytes.length) break;
    const name = Buffer.from(bytes.buffer, bytes.byteOffset + at + 4, 4).toString('latin1');
    if (name === 'zTXt' || name === 'iTXt') {
      texts.push({ from: at, end });
      total += end - at;
    }
    at = end;
  }
  if (total <= MOST_TEXT_BYTES && texts.length <= MOST_TEXTS) return bytes;
  const kept: Uint8Array[] = [];
  let from = 0;
  for (const text of texts) {
    kept.push(bytes.subarray(from, text.from));
    from = text.end;
  }
  return Buffer.concat([...kept, bytes.subarray(from)]);
}
