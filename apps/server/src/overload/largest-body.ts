const MIB = 1024 * 1024;

/** No body that is read has more bytes: base64 takes 4 for 3, and there is something around each file. */
export function largestBody(limits: { MAX_REQUEST_BYTES: number; MAX_IMAGE_BYTES: number }): number {
  return Math.ceil((Math.max(limits.MAX_REQUEST_BYTES, limits.MAX_IMAGE_BYTES) * 4) / 3) + MIB;
}
