import { EyrieError } from '#core';
import type { Policy } from '../policy/policy';
import type { ModelVersion } from '../versions/model-version';

/** A model as it serves now. */
export interface Model {
  readonly name: string;
  /** By number, ascending. */
  versions: ReadonlyMap<number, ModelVersion>;
  /** The policy in effect: all that it names are READY, or were when it took effect. */
  policy: Policy;
  /**
   * The server is not ready without it: it was there at the start, or all that its policy names have been READY since.
   * Others have been added, and nobody relies on them yet.
   */
  isEstablished: boolean;
}

/** @throws EyrieError VERSION_NOT_FOUND */
export function findVersion(model: Model, number: number): ModelVersion {
  const found = model.versions.get(number);
  if (found) return found;
  const have = [...model.versions.keys()].slice(-20).join(', ');
  throw new EyrieError('VERSION_NOT_FOUND', `${model.name} has no version ${number}; there are: ${have}`);
}

/** @throws EyrieError CONFLICT saying why a version cannot answer */
export function requireServing(versions: readonly ModelVersion[]): void {
  const failed = versions.filter(({ isServing }) => !isServing);
  if (failed.length === 0) return;
  const reasons = failed.map(({ version, state, reason }) => `version ${version}: ${reason ?? `it is ${state}`}`);
  throw new EyrieError('CONFLICT', `${failed[0]!.model} cannot serve what is asked for; ${reasons.join('; ')}`);
}

/** It will be READY or FAILED once it has been told to load. */
export function isOnItsWay({ state }: ModelVersion): boolean {
  return state !== 'READY' && state !== 'FAILED';
}

/** It must not be exchanged for what its files are now. */
export function isInUse({ state }: ModelVersion): boolean {
  return state !== 'UNLOADED' && state !== 'FAILED';
}

export function isFailed({ state }: ModelVersion): boolean {
  return state === 'FAILED';
}

export function isReady(version: ModelVersion | undefined): boolean {
  return version?.state === 'READY';
}
