import { utf8Text } from '#validation';

/**
 * The labels in a file: one per class, in the order of the output. Lines of text, UTF-8, with or without a byte order mark, where
 * space around a label is not part of it; or JSON, as `labelsFromJson` takes it.
 * @param name of the file, for messages
 * @throws Error naming what is wrong, in a sentence for a person
 */
export function parseLabels(bytes: Uint8Array, name: string): string[] {
  const text = utf8Text(bytes, name);
  if (/\.json$/i.test(name) || isJson(text)) return checked(labelsFromJson(parseJson(text, name), name), name);
  const lines = text.split(/\r\n|\r|\n/).map((line) => line.trim());
  while (lines.at(-1) === '') lines.pop();
  if (lines.length === 0) throw new Error(`${name} is empty; give one label per line`);
  const empty = lines.indexOf('');
  if (empty >= 0) throw new Error(`line ${empty + 1} of ${name} is empty; give one label per line`);
  return lines;
}

/**
 * Labels as programs write them: `["cat", "dog"]`, `{"0": "cat", "1": "dog"}`, `{"cat": 0, "dog": 1}`,
 * `[{"id": 0, "name": "cat"}, …]`, `{"0": ["n02123045", "cat"], …}` as Keras' class index, or a configuration of Hugging Face with such an `id2label`.
 * @throws Error where it is nothing of these, in a sentence for a person
 */
export function labelsFromJson(json: unknown, name: string): string[] {
  if (Array.isArray(json)) return inOrderOfIds(json).map((item) => labelOf(item, name));
  if (typeof json !== 'object' || json === null) throw new Error(notLabels(name));
  const fields = json as Record<string, unknown>;
  const nested = fields.id2label ?? fields.labels ?? fields.names ?? fields.label2id;
  if (typeof nested === 'object' && nested !== null) return labelsFromJson(nested, name);
  const entries = Object.entries(fields);
  if (entries.every(([, value]) => Number.isInteger(value))) {
    return inOrder(new Map(entries.map(([label, index]) => [index as number, label])), name);
  }
  if (!entries.every(([key]) => /^\d{1,6}$/.test(key))) throw new Error(notLabels(name));
  return inOrder(new Map(entries.map(([index, value]) => [Number(index), labelOf(value, name)])), name);
}

const IDS = ['id', 'index', 'class_id'] as const;

/** `[{ "id": 1, "name": "dog" }, { "id": 0, "name": "cat" }]`: where each has a number, it decides, and not the place. */
function inOrderOfIds(items: readonly unknown[]): readonly unknown[] {
  const key = IDS.find((id) => items.every((item) => Number.isInteger((item as Record<string, unknown> | null)?.[id])));
  if (key === undefined) return items;
  return [...(items as Record<string, number>[])].sort((a, b) => a[key]! - b[key]!);
}

/** A text, or what has one: the last of a list, or an object's name. */
function labelOf(value: unknown, name: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value) && typeof value.at(-1) === 'string') return value.at(-1) as string;
  const { label, name: named } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const found = label ?? named;
  if (typeof found === 'string') return found;
  throw new Error(notLabels(name));
}

function inOrder(byIndex: ReadonlyMap<number, string>, name: string): string[] {
  const labels = Array.from({ length: byIndex.size }, (_, index) => byIndex.get(index));
  const missing = labels.indexOf(undefined);
  if (missing >= 0) throw new Error(`${name} has no label for class ${missing}; number them from 0 on, without a gap`);
  return labels as string[];
}

function checked(labels: readonly string[], name: string): string[] {
  const trimmed = labels.map((label) => label.trim());
  if (trimmed.length === 0) throw new Error(`${name} has no labels`);
  const bad = trimmed.findIndex((label) => label === '' || /[\r\n]/.test(label));
  if (bad >= 0) throw new Error(`the label of class ${bad} in ${name} is empty, or has several lines`);
  return trimmed;
}

function isJson(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${name} is not valid JSON: ${(error as Error).message}`, { cause: error });
  }
}

function notLabels(name: string): string {
  return `${name} holds no labels: give a list of them, or an object that has a label for each class number`;
}
