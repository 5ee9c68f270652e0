import { crc32 } from 'node:zlib';

const BOUNDARY = 'eyrie-bench-7d1f0c52';

/**
 * What connections send. The serial number goes into a comment inside the image, so that no two connections send the same
 * bytes and no cache can answer for the model; decoders skip it.
 * @typedef {{ headers: Record<string, string>, body: (serial: number) => Buffer }} Upload
 */

/**
 * multipart/form-data with the image as its one file.
 * @param {{ type: string, bytes: Buffer }} image
 * @param {string} field the form's field
 * @returns {Upload}
 */
export function formUpload({ type, bytes }, field = 'file') {
  const extension = type.split('/')[1];
  const head =
    `--${BOUNDARY}\r\n` +
    `Content-Disposition: form-data; name="${field}"; filename="image.${extension}"\r\n` +
    `Content-Type: ${type}\r\n\r\n`;
  const tail = Buffer.from(`\r\n--${BOUNDARY}--\r\n`);
  return {
    headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` },
    body: (serial) => Buffer.concat([Buffer.from(head), numbered(type, bytes, serial), tail]),
  };
}

/**
 * JSON of the Open Inference Protocol with the image as a BYTES tensor in base64.
 * @param {{ type: string, bytes: Buffer }} image
 * @returns {Upload}
 */
export function openInferenceUpload({ type, bytes }) {
  const body = (serial) => {
    const data = [numbered(type, bytes, serial).toString('base64')];
    const parameters = { content_type: 'base64' };
    return Buffer.from(
      JSON.stringify({ inputs: [{ name: 'image', shape: [1, 1], datatype: 'BYTES', parameters, data }] }),
    );
  };
  return { headers: { 'content-type': 'application/json' }, body };
}

/** The image with a comment: another file, the same pixels. */
export function numbered(type, bytes, serial) {
  const text = Buffer.from(`serial ${serial}`);
  return type === 'image/png' ? withPngText(bytes, text) : withJpegComment(bytes, text);
}

/** A COM segment behind the SOI marker (ITU-T T.81, B.2.4.5). */
function withJpegComment(bytes, text) {
  const segment = Buffer.alloc(4);
  segment.writeUInt16BE(0xfffe, 0);
  segment.writeUInt16BE(text.length + 2, 2);
  return Buffer.concat([bytes.subarray(0, 2), segment, text, bytes.subarray(2)]);
}

/** A tEXt chunk before IEND, which is the last 12 bytes (PNG specification, 11.3.3.2). */
function withPngText(bytes, text) {
  const body = Buffer.concat([Buffer.from('tEXtComment\0'), text]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length - 4);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  const end = bytes.length - 12;
  return Buffer.concat([bytes.subarray(0, end), length, body, check, bytes.subarray(end)]);
}
