import { EyrieError } from '#core';
import type { ModelStore } from '../stores/model-store';
import { parsePolicy, routedVersions } from '../policy/policy';

/**
 * Takes a version out of the registry, for good. Servers that run on it finish what the version has been asked, then
 * unload it.
 * @throws EyrieError MODEL_NOT_FOUND, VERSION_NOT_FOUND; CONFLICT when the policy names it or it is the model's last;
 *   what `ModelStore.removeVersion` throws
 */
export async function removeVersion(store: ModelStore, model: string, version: number): Promise<void> {
  const numbers = await versionsOf(store, model);
  if (!numbers.includes(version)) {
    throw new EyrieError(
      'VERSION_NOT_FOUND',
      `${model} has no version ${version}; there are: ${numbers.slice(-20).join(', ')}`,
    );
  }
  const stored = await store.readPolicy(model);
  if (stored !== null && routedVersions(parsePolicy(stored, numbers)).includes(version)) {
    throw new EyrieError(
      'CONFLICT',
      `the policy of ${model} names version ${version}; see "policy show ${model}" and take it out of there first`,
    );
  }
  if (numbers.length === 1) {
    throw new EyrieError(
      'CONFLICT',
      `version ${version} is the last one of ${model}; "models remove ${model} --all" removes the model with its policy`,
    );
  }
  await store.removeVersion(model, version);
}

/** Takes a model with all its versions and its policy out of the registry. @throws as `removeVersion` */
export async function removeModel(store: ModelStore, model: string): Promise<void> {
  await versionsOf(store, model);
  await store.removeModel(model);
}

async function versionsOf(store: ModelStore, model: string): Promise<number[]> {
  const names = await store.listModels();
  if (names.includes(model)) return store.listVersions(model);
  throw new EyrieError(
    'MODEL_NOT_FOUND',
    `there is no model "${model}"; there are: ${names.sort().join(', ') || 'none'}`,
  );
}
