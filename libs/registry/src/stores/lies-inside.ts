import { sep } from 'node:path';

/** Whether a path without links is below a folder without links. */
export function liesInside(folder: string, path: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}
