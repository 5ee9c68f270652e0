import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  Equals,
  IsArray,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsPositive,
  IsString,
  Matches,
  MaxLength,
  NotContains,
  ValidateNested,
} from 'class-validator';
import { check, inOneLine, utf8Text } from '#validation';
import { PRESETS, type PresetName } from '../add/presets';
import { MODEL_NAME } from '#registry';
import { DownloadError } from './download-errors';

const PATH = /^[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/;
const PATH_RULE = { message: 'must be a relative path without ".."' };

/** A model that can be pulled by its name. */
export class CatalogEntry {
  @Matches(MODEL_NAME, { message: 'must be lower-case letters, digits, ".", "_" and "-", at most 100' })
  name!: string;

  @IsString()
  @MaxLength(2000)
  description!: string;

  @IsString()
  @IsNotEmpty()
  license!: string;

  /** Where the file lies below a mirror. */
  @Matches(PATH, PATH_RULE)
  @NotContains('..')
  path!: string;

  /** Where the file can be had, best first. */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(10)
  @Matches(/^https:\/\/[^/@?#]+\/\S+$/, { each: true, message: 'must be https URLs without credentials' })
  urls!: string[];

  @Matches(/^[0-9a-f]{64}$/, { message: 'must be 64 lower-case hex digits' })
  sha256!: string;

  @IsInt()
  @IsPositive()
  bytes!: number;

  /** The preprocessing that the model was trained with. */
  @IsIn(Object.keys(PRESETS))
  preset!: PresetName;

  /** File of one label a line, beside catalog.json. */
  @Matches(PATH, PATH_RULE)
  @NotContains('..')
  labels!: string;
}

/** `catalog.json`: the models that can be pulled by name. */
export class Catalog {
  @Equals(1, { message: 'must be 1, the only catalog format there is' })
  schema!: 1;

  @IsArray()
  @ArrayMaxSize(10_000)
  @ArrayUnique((entry: CatalogEntry) => entry.name, { message: 'must have no two entries of the same name' })
  @ValidateNested({ each: true })
  @Type(() => CatalogEntry)
  models!: CatalogEntry[];
}

/** A catalog cannot be read or is not what it must be. The message says what is wrong where. */
export class InvalidCatalogError extends Error {}

/** @throws InvalidCatalogError naming every field that is wrong */
export function parseCatalog(json: string): Catalog {
  let plain: unknown;
  try {
    plain = JSON.parse(json);
  } catch (error) {
    throw new InvalidCatalogError(`catalog.json is not valid JSON: ${(error as Error).message}`);
  }
  const checked = check(Catalog, plain);
  if (!checked.ok) throw new InvalidCatalogError(`catalog.json: ${inOneLine(checked.problems)}`);
  return checked.value;
}

/** A catalog's entries, with the labels as absolute paths. @throws InvalidCatalogError */
export async function readCatalog(path: string): Promise<CatalogEntry[]> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new InvalidCatalogError(
      error.code === 'ENOENT' ? `there is no catalog at ${path}; name one with --catalog` : error.message,
    );
  });
  return parseCatalog(asText(bytes)).models.map((entry) => ({ ...entry, labels: join(dirname(path), entry.labels) }));
}

function asText(bytes: Uint8Array): string {
  try {
    return utf8Text(bytes, 'catalog.json');
  } catch (error) {
    throw new InvalidCatalogError((error as Error).message);
  }
}

/**
 * Where to ask for the entry's file.
 * @param mirror a base URL below which the files lie by their paths; takes the place of the entry's own URLs
 * @throws DownloadError when the mirror is no `https:`, `http:` or `file:` URL
 */
export function sourcesOf(entry: CatalogEntry, mirror?: string): URL[] {
  if (mirror === undefined) return entry.urls.map((url) => new URL(url));
  if (!URL.canParse(mirror) || !['https:', 'http:', 'file:'].includes(new URL(mirror).protocol)) {
    throw new DownloadError('the mirror must be an https://, http:// or file:/// URL, such as https://host/models');
  }
  const base = new URL(mirror);
  base.pathname = `${base.pathname.replace(/\/+$/, '')}/${entry.path}`;
  return [base];
}
