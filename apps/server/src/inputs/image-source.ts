/** An image as a request gives it. */
export type ImageSource = { bytes: Buffer } | { url: string };
