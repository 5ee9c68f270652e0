import { readFile } from 'node:fs/promises';
import { InvalidVersionError } from '#registry';
import { parseLabels } from '#tasks';
import type { Source } from './facts';

/** Labels and who gave them. */
export interface Labels {
  labels: readonly string[];
  source: Source;
  /** What a person is told that they are. */
  shown: string;
}

/** One per class, in the order of the output: the lines of a file, or the same as JSON. @throws InvalidVersionError */
export async function readLabelsFile(path: string): Promise<string[]> {
  try {
    return parseLabels(await readFile(path), path);
  } catch (error) {
    throw new InvalidVersionError(`cannot read the labels: ${(error as Error).message}`);
  }
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
