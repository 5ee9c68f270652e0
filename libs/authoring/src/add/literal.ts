import { labelsFromJson } from '#tasks';

/**
 * Labels out of what a program has printed: JSON, or a list or dictionary of texts as Python's `repr` writes it, such as
 * `{0: 'cat', 1: "dog's"}`.
 * @returns undefined for anything else
 */
export function parseLiteral(text: string): string[] | undefined {
  if (!/^[[{]/.test(text)) return undefined;
  for (const json of [text, pythonAsJson(text)]) {
    try {
      return labelsFromJson(JSON.parse(json), 'metadata');
    } catch {
      // Not in this way.
    }
  }
  return undefined;
}

/** Keys that are numbers get quotes, and texts get double ones. */
function pythonAsJson(text: string): string {
  return text.replace(
    /'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|(\d+)(\s*:)/g,
    (_, single?: string, double?: string, key?: string, colon?: string) =>
      key !== undefined ? `"${key}"${colon}` : JSON.stringify((single ?? double ?? '').replace(/\\(['"\\])/g, '$1')),
  );
}
