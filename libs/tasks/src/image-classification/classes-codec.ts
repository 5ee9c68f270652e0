import type { Classes, ClassScore } from './classes';

/** `[[8,0.97],[1,0.02]]`: the labels are the version's, which the cache's key names. */
export function encodeClasses(classes: Classes): string {
  return JSON.stringify(classes.map(({ class_id, confidence }) => [class_id, confidence]));
}

/** undefined unless the text is so many different classes of a version with these labels, best first. */
export function decodeClasses(
  text: string,
  labels: readonly string[],
  most: number,
  least: { count: number; confidence: number },
): Classes | undefined {
  const pairs = parse(text);
  if (!Array.isArray(pairs) || pairs.length > most || pairs.length < least.count) return undefined;
  const classes: ClassScore[] = [];
  for (const pair of pairs as unknown[]) {
    if (!Array.isArray(pair) || pair.length !== 2) return undefined;
    const [class_id, confidence] = pair as unknown[];
    const label = typeof class_id === 'number' ? labels[class_id] : undefined;
    if (label === undefined || typeof confidence !== 'number' || confidence < least.confidence) return undefined;
    if (confidence > (classes.at(-1)?.confidence ?? Infinity)) return undefined;
    classes.push({ class_id: class_id as number, label, confidence });
  }
  return new Set(classes.map(({ class_id }) => class_id)).size === classes.length ? classes : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
