import type { Classes, ClassScore } from './classes';

/**
 * `[5,[[8,0.97],[1,0.02],…]]`: the labels are the version's, which the cache's key names.
 * @param breadth how many classes a question may ask for that is answered by these; Infinity, kept as null: any number
 */
export function encodeClasses(classes: Classes, breadth: number): string {
  return JSON.stringify([breadth, classes.map(({ class_id, confidence }) => [class_id, confidence])]);
}

/**
 * @param least that a confidence may be
 * @returns undefined unless the text is different classes of a version with these labels, best first
 */
export function decodeClasses(
  text: string,
  labels: readonly string[],
  least: number,
): { classes: Classes; breadth: number } | undefined {
  const kept = parse(text);
  if (!Array.isArray(kept) || kept.length !== 2) return undefined;
  const [breadth, pairs] = kept as unknown[];
  if (breadth !== null && !Number.isInteger(breadth)) return undefined;
  if (!Array.isArray(pairs) || pairs.length > labels.length) return undefined;
  const classes: ClassScore[] = [];
  for (const pair of pairs as unknown[]) {
    if (!Array.isArray(pair) || pair.length !== 2) return undefined;
    const [class_id, confidence] = pair as unknown[];
    const label = typeof class_id === 'number' ? labels[class_id] : undefined;
    if (label === undefined || typeof confidence !== 'number' || confidence < least) return undefined;
    if (confidence > (classes.at(-1)?.confidence ?? Infinity)) return undefined;
    classes.push({ class_id: class_id as number, label, confidence });
  }
  if (new Set(classes.map(({ class_id }) => class_id)).size < classes.length) return undefined;
  return { classes, breadth: (breadth as number | null) ?? Infinity };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
