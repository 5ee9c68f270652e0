import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atExit } from '../scripts/at-exit.mjs';

/** Gives `use` a folder that is gone when it is done, or when this process ends before that. @returns what `use` returns */
export async function inTemporaryFolder(name, use) {
  const folder = mkdtempSync(join(tmpdir(), `eyrie-${name}-`));
  const clear = () => rmSync(folder, { recursive: true, force: true });
  const forget = atExit(clear);
  try {
    return await use(folder);
  } finally {
    clear();
    forget();
  }
}

/**
 * Measures in such a folder, and prints what came out, or in one line why nothing did.
 * @param {string} name
 * @param {{ json: boolean, print: (results: object) => void }} how
 * @param {(folder: string) => Promise<object>} measure
 * @returns exit code: 0 when it could be measured, whatever came out
 */
export async function measureAndPrint(name, { json, print }, measure) {
  try {
    const results = await inTemporaryFolder(name, measure);
    if (json) console.log(JSON.stringify(results, null, 2));
    else print(results);
    return 0;
  } catch (error) {
    console.error(`cannot measure: ${[error.message, error.cause?.message].filter(Boolean).join(': ')}`);
    return 1;
  }
}
