import { readFile } from 'node:fs/promises';
import { InvalidVersionError } from '#registry';

/** The lines of a labels file: one per class, in the order of the output. @throws InvalidVersionError */
export async function readLabelsFile(path: string): Promise<string[]> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
  } catch (error) {
    const why = error instanceof TypeError ? 'it is not UTF-8 text' : (error as Error).message;
    throw new InvalidVersionError(`cannot read the labels from ${path}: ${why}`);
  }
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  while (lines.at(-1) === '') lines.pop();
  const empty = lines.indexOf('');
  if (lines.length === 0) throw new InvalidVersionError(`${path} is empty; give one label per line`);
  if (empty >= 0) throw new InvalidVersionError(`line ${empty + 1} of ${path} is empty; give one label per line`);
  return lines;
}

/** @throws InvalidVersionError */
export function checkLabels(labels: readonly string[], classes: number): void {
  if (labels.length === classes) return;
  throw new InvalidVersionError(
    `the model has ${classes} classes but the labels file has ${labels.length} lines; give one label per class`,
  );
}

/** Stand-ins for labels that nobody gave. */
export function numberedLabels(classes: number): string[] {
  return Array.from({ length: classes }, (_, i) => `class_${i}`);
}
