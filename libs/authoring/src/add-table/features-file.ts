import { readFile } from 'node:fs/promises';
import { InvalidVersionError } from '#registry';
import { CsvRecords, type FeatureSpec } from '#tasks';
import { utf8Text } from '#validation';

/** A feature as far as somebody has described it. */
export type GivenFeature = Pick<FeatureSpec, 'name'> & Partial<FeatureSpec>;

/**
 * Names of features, or more of them, in their order: JSON as `features` of a manifest has it, or a list of names; a CSV whose first
 * line names them; or one name per line.
 * @param target a column of the CSV that is no feature
 * @throws InvalidVersionError
 */
export async function readFeaturesFile(path: string, target: string | undefined): Promise<GivenFeature[]> {
  try {
    const text = utf8Text(await readFile(path), path).trim();
    if (text === '') throw new Error(`${path} is empty`);
    if (/^[[{]/.test(text)) return featuresOfJson(JSON.parse(text), path);
    const [firstLine = ''] = text.split(/\r?\n/, 1);
    const names = firstLine.includes(',') ? headerOf(text) : text.split(/\r?\n/).map((line) => line.trim());
    return names.filter((name) => name !== target).map((name) => ({ name }));
  } catch (error) {
    throw new InvalidVersionError(`cannot read the features: ${(error as Error).message}`, { cause: error });
  }
}

function featuresOfJson(json: unknown, path: string): GivenFeature[] {
  const listed = Array.isArray(json) ? json : (json as { features?: unknown }).features;
  if (!Array.isArray(listed)) throw new Error(`${path} must hold a list, or an object with "features"`);
  return listed.map((one: unknown, i) => {
    if (typeof one === 'string') return { name: one };
    const { name } = (typeof one === 'object' && one !== null ? one : {}) as { name?: unknown };
    if (typeof name === 'string') return one as GivenFeature;
    throw new Error(`item ${i} of ${path} must be a name, or an object with a "name"`);
  });
}

function headerOf(text: string): string[] {
  const records = new CsvRecords(Buffer.from(text));
  records.next();
  if (records.fault) throw new Error(`its header ${records.fault}`);
  return Array.from({ length: records.length }, (_, cell) => records.text(cell));
}
