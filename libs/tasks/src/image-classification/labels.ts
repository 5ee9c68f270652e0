/**
 * The lines of a labels file: one per class, in the order of the output. UTF-8, with or without a byte order mark; space around
 * a label is not part of it.
 * @param name of the file, for messages
 * @throws Error naming what is wrong, in a sentence for a person
 */
export function parseLabels(bytes: Uint8Array, name: string): string[] {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Error(`${name} is not UTF-8 text; save it as UTF-8`);
  }
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  while (lines.at(-1) === '') lines.pop();
  if (lines.length === 0) throw new Error(`${name} is empty; give one label per line`);
  const empty = lines.indexOf('');
  if (empty >= 0) throw new Error(`line ${empty + 1} of ${name} is empty; give one label per line`);
  return lines;
}
