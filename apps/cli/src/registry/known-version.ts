import { EyrieError } from '#core';
import { type FolderStore, resolveVersion, type VersionRef } from '#registry';
import { storedPolicy } from './stored-policy';

/** @throws EyrieError MODEL_NOT_FOUND, with the names of those that are there */
export async function requireModel(store: FolderStore, name: string): Promise<void> {
  const names = await store.listModels();
  if (names.includes(name)) return;
  throw new EyrieError(
    'MODEL_NOT_FOUND',
    `there is no model "${name}"; there are: ${names.sort().join(', ') || 'none'}`,
  );
}

/**
 * The number of a version in a folder.
 * @param wanted its number or an alias; the default of the policy when left out
 * @throws EyrieError MODEL_NOT_FOUND, VERSION_NOT_FOUND, InvalidPolicyError
 */
export async function knownVersion(store: FolderStore, model: string, wanted?: VersionRef): Promise<number> {
  await requireModel(store, model);
  const numbers = await store.listVersions(model);
  if (numbers.length === 0) throw new EyrieError('VERSION_NOT_FOUND', `${model} has no versions`);
  if (typeof wanted === 'number') {
    if (numbers.includes(wanted)) return wanted;
    const have = numbers.slice(-20).join(', ');
    throw new EyrieError('VERSION_NOT_FOUND', `${model} has no version ${wanted}; there are: ${have}`);
  }
  const policy = await storedPolicy(store, model, numbers);
  const number = resolveVersion(policy, wanted ?? policy.default);
  if (number !== undefined) return number;
  const aliases = Object.keys(policy.aliases).join(', ') || 'none';
  throw new EyrieError('VERSION_NOT_FOUND', `${model} has no alias "${wanted}"; there are: ${aliases}`);
}
