import { readFile } from 'node:fs/promises';
import { type FolderStore, InvalidPolicyError, parsePolicy, type Policy } from '#registry';
import { utf8Text } from '#validation';

/**
 * A policy that has been copied.
 * @param versions that there are; undefined to look at none
 * @throws InvalidPolicyError
 */
export async function readPolicyCopy(path: string, versions: readonly number[] | undefined): Promise<Policy> {
  const bytes = await readFile(path);
  let plain: unknown;
  try {
    plain = JSON.parse(utf8Text(bytes, 'policy.json'));
  } catch (error) {
    throw new InvalidPolicyError((error as Error).message, { cause: error });
  }
  return parsePolicy(plain, versions);
}

/** The policy of a registry; undefined where there is none, or one that cannot be read. */
export async function currentPolicy(store: FolderStore, model: string): Promise<Policy | undefined> {
  try {
    const stored = await store.readPolicy(model);
    return stored === null ? undefined : parsePolicy(stored, undefined);
  } catch (error) {
    if (!(error instanceof InvalidPolicyError)) throw error;
    return undefined;
  }
}
