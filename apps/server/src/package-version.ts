import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** `version` of the nearest package.json above this file, which is the same from the sources and from the build. */
export const PACKAGE_VERSION = findVersion(__dirname);

function findVersion(folder: string): string {
  try {
    return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }).version;
  } catch {
    return dirname(folder) === folder ? 'unknown' : findVersion(dirname(folder));
  }
}
