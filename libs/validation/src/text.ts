/**
 * The text of a file that people write: UTF-8, with or without a byte order mark, which is no part of it. One reader for all such
 * files, so that none of them is understood in two ways.
 * @param name of the file, for the message
 * @throws Error where it is no UTF-8, in a sentence for a person
 */
export function utf8Text(bytes: Uint8Array, name: string): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Error(`${name} is not UTF-8 text; save it as UTF-8`);
  }
  // What else is written with zeros, UTF-16 without a mark, looks like UTF-8 as long as all of it is ASCII.
  if (text.includes('\0')) throw new Error(`${name} is not UTF-8 text, it has zero bytes in it; save it as UTF-8`);
  return text;
}
