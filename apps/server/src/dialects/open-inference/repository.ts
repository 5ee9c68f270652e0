import { Injectable } from '@nestjs/common';
import { EyrieError, invalidField } from '#core';
import { type Model, ModelRegistry, type ModelVersion, routedVersions } from '#registry';
import { findVersion } from '#routing';
import { AuditLog } from '../../auth/audit-log';
import type { Outgoing } from '../../http/exchange';
import { forClients } from '../../http/for-clients';
import { toVersionRef, VERSION_REF } from '../../http/model-ref.dto';

export interface IndexEntry {
  name: string;
  version: string;
  state: string;
  reason: string;
}

/** What is sent with `load` and `unload`, by its name. */
export type ChangeParameters = Readonly<Record<string, unknown>>;

const LOAD = ['version'];
const UNLOAD = ['version', 'unload_dependents'];

/** Triton's model repository, whatever carries it. */
@Injectable()
export class Repository {
  constructor(
    private readonly registry: ModelRegistry,
    private readonly audit: AuditLog,
  ) {}

  /** All versions of all models. @param isReadyOnly those alone that are READY */
  index(isReadyOnly: boolean): IndexEntry[] {
    const versions = this.registry.list().flatMap((model) => [...model.versions.values()]);
    return versions.filter(({ state }) => !isReadyOnly || state === 'READY').map(entryOf);
  }

  /**
   * Loads the versions that the policy names, or that which the parameters do, and waits until they are READY.
   * @param res of whoever asks for it, for the log
   * @throws EyrieError INVALID_REQUEST, MODEL_NOT_FOUND, VERSION_NOT_FOUND, CONFLICT, REGISTRY_UNAVAILABLE
   */
  async load(name: string, parameters: ChangeParameters, res: Outgoing): Promise<IndexEntry[]> {
    const ref = versionAsked(parameters, LOAD);
    const model = await this.registry.look(name);
    const numbers = ref === undefined ? routedVersions(model.policy) : [this.find(model, ref).version];
    return Promise.all(
      numbers.map(async (number) => {
        const before = model.versions.get(number)?.state;
        const loaded = await this.registry.load(model.name, number);
        this.audit.record(res, `load ${model.name} version ${number}`, before, loaded.state);
        return entryOf(loaded);
      }),
    );
  }

  /** Unloads the version that the parameters name. @throws as `load` */
  async unload(name: string, parameters: ChangeParameters, res: Outgoing): Promise<IndexEntry[]> {
    const ref = versionAsked(parameters, UNLOAD);
    const model = await this.registry.look(name);
    if (ref === undefined) throw servesOn(model);
    const version = this.find(model, ref);
    const before = version.state;
    const unloaded = await this.registry.unload(model.name, version.version);
    this.audit.record(res, `unload ${model.name} version ${version.version}`, before, unloaded.state);
    return [entryOf(unloaded)];
  }

  private find(model: Model, ref: string): ModelVersion {
    return findVersion(this.registry, model, toVersionRef(ref));
  }
}

/** @throws EyrieError INVALID_REQUEST, also for what would change what is loaded, such as another configuration */
function versionAsked(parameters: ChangeParameters, known: readonly string[]): string | undefined {
  const { version } = parameters;
  const other = Object.keys(parameters).find((name) => !known.includes(name));
  if (other !== undefined) {
    throw invalidField(`parameters.${other.slice(0, 100)}`, `is not known here; known here: ${known.join(', ')}`);
  }
  if (version === undefined) return undefined;
  const text = typeof version === 'number' || typeof version === 'string' ? String(version) : '';
  if (!VERSION_REF.test(text)) throw invalidField('parameters.version', 'must be a version number or an alias');
  return text;
}

function servesOn({ name, policy }: Model): EyrieError {
  const named = routedVersions(policy).join(', ');
  return new EyrieError(
    'CONFLICT',
    `the policy of ${name} names version ${named}, which serves as long as it does; unload another version by ` +
      '{"parameters": {"version": "…"}}, or remove the model by DELETE /v1/models/{model}',
  );
}

/** Triton has no other words. */
const STATES: Partial<Record<ModelVersion['state'], string>> = { UNLOADED: 'UNAVAILABLE', FAILED: 'UNAVAILABLE' };

function entryOf({ model, version, state, reason }: ModelVersion): IndexEntry {
  const why = reason ?? (state === 'UNLOADED' ? 'unloaded' : '');
  return { name: model, version: String(version), state: STATES[state] ?? state, reason: forClients(why) };
}
