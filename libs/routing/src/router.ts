import { randomBytes } from 'node:crypto';
import { EyrieError } from '#inference';
import { resolveVersion, type Model, type ModelRegistry, type ModelVersion, type VersionRef } from '#registry';
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

/** @throws EyrieError MODEL_NOT_FOUND, VERSION_NOT_FOUND, MODEL_NOT_READY */
export function chooseRoute(registry: ModelRegistry, { model: name, version, key }: RouteQuery): Route {
  const model = registry.model(name);
  if (version !== undefined) return { version: servable(registry, model, version), variant: null };
  const variants = model.policy.variants ?? [];
  const arm = chooseVariant(variants, name, key ?? randomBytes(12).toString('base64'));
  if (!arm) return { version: servable(registry, model, model.policy.default), variant: null };
  return { version: servable(registry, model, arm.version), variant: arm.name };
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

function servable(registry: ModelRegistry, model: Model, ref: VersionRef): ModelVersion {
  const version = findVersion(registry, model, ref);
  if (version.state === 'READY') return version;
  const why = version.reason ? `: ${version.reason}` : '';
  throw new EyrieError('MODEL_NOT_READY', `${model.name} version ${version.version} is ${version.state}${why}`, {
    retryAfterSeconds: version.state === 'LOADING' ? 2 : 30,
  });
}
