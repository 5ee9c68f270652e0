import { randomBytes } from 'node:crypto';
import { EyrieError } from '#core';
import { resolveVersion, type Model, type ModelRegistry, type ModelVersion, type VersionRef } from '#registry';
import { experimentOf } from './experiment';
import { chooseVariant } from './split';

export interface RouteQuery {
  model: string;
  /** A version or an alias; overrides the split. */
  version?: VersionRef;
  /** The same key gets the same variant; without one, chance decides. */
  key?: string;
}

/** Who is to answer a request. */
export interface Route {
  version: ModelVersion;
  /** The variant's name; null where the version was asked for or the policy has no variants. */
  variant: string | null;
}

/**
 * Chooses, and no more: whether the version is loaded is not looked at.
 * @throws EyrieError MODEL_NOT_FOUND, VERSION_NOT_FOUND
 */
export function chooseRoute(registry: ModelRegistry, { model: name, version, key }: RouteQuery): Route {
  const model = registry.model(name);
  if (version !== undefined) return { version: findVersion(registry, model, version), variant: null };
  const variants = model.policy.variants ?? [];
  const arm = chooseVariant(variants, experimentOf(name, model.policy), key ?? randomBytes(12).toString('base64'));
  if (!arm) return { version: findVersion(registry, model, model.policy.default), variant: null };
  return { version: findVersion(registry, model, arm.version), variant: arm.name };
}

/** The version that a number or an alias names. @throws EyrieError VERSION_NOT_FOUND */
export function findVersion(registry: ModelRegistry, model: Model, ref: VersionRef): ModelVersion {
  const number = resolveVersion(model.policy, ref);
  if (number === undefined) {
    const aliases = Object.keys(model.policy.aliases).join(', ') || 'none';
    throw new EyrieError('VERSION_NOT_FOUND', `${model.name} has no alias "${ref}"; there are: ${aliases}`);
  }
  return registry.version(model, number);
}
