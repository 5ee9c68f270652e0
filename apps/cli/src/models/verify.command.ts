import { join } from 'node:path';
import { Command } from 'commander';
import type { ImageClassificationFields } from '#tasks';
import { FolderStore, loadVersion, parsePolicy, readPublicKeys, type SignatureRules } from '#registry';
import type { SignatureDefaults } from '../environment';
import { isForPrograms, print } from '../output/format';
import { requireModel } from '../registry/known-version';
import {
  folderOf,
  type RegistryDefaults,
  type RegistryOptions,
  serverOf,
  withRegistryOptions,
} from '../registry/open-registry';
import { pathOf, type ServerAccess } from '../registry/server-access';
import { commandPredictors } from '../predictors';
import { UsageError } from '../usage-error';

interface Finding {
  model: string;
  version?: number;
  ok: boolean;
  detail: string;
}

interface VerifyOptions extends RegistryOptions {
  publicKey?: string[];
  allowUnsigned?: boolean;
}

export function verifyCommand(defaults: RegistryDefaults, signatures: SignatureDefaults): Command {
  const verify = new Command('verify')
    .description('Checks every policy, manifest and checksum, loads every version and asks it its golden images.')
    .argument('[model]', 'only this one')
    .option(
      '--public-key <file>',
      'a key, or a folder of keys, one of which must have signed every version; may be given again (default: MODEL_PUBLIC_KEYS)',
      (path: string, before: string[] = []) => [...before, path],
    )
    .option('--allow-unsigned', 'a version without a signature is well; one that has a wrong signature is not')
    .addHelpText(
      'after',
      '\nExamples:\n  eyrie models verify\n  eyrie models verify --public-key models.pub\n\nExit codes: 0 all is well, 1 something is not.',
    )
    .action((only: string | undefined, options: VerifyOptions) => verifyAll(only, options, defaults, signatures));
  return withRegistryOptions(verify);
}

async function verifyAll(
  only: string | undefined,
  options: VerifyOptions,
  defaults: RegistryDefaults,
  signatures: SignatureDefaults,
): Promise<void> {
  const findings: Finding[] = [];
  const isSilent = isForPrograms(options);
  const note = (finding: Finding): void => {
    findings.push(finding);
    if (isSilent) return;
    const what = finding.version === undefined ? 'policy' : `version ${finding.version}`;
    console.log(`${finding.ok ? 'ok    ' : 'FAILED'}  ${finding.model} ${what}  ${finding.detail}`);
  };
  const server = serverOf(options, defaults);
  if (server && (options.publicKey || options.allowUnsigned)) {
    throw new UsageError(
      'a server checks signatures by its own MODEL_PUBLIC_KEYS; give --public-key for a folder only',
    );
  }
  const where = server
    ? await verifyThere(server, only, note)
    : await verifyHere(folderOf(options, defaults), only, await rulesOf(options, signatures), note);
  if (isSilent) print(options, findings, () => '');
  if (findings.length === 0) console.error(`eyrie: there is nothing to verify in ${where}`);
  process.exitCode = findings.length > 0 && findings.every(({ ok }) => ok) ? 0 : 1;
}

/** undefined where no key is named: signatures are not looked at. @throws InvalidKeyError, UsageError */
async function rulesOf(options: VerifyOptions, defaults: SignatureDefaults): Promise<SignatureRules | undefined> {
  const paths = options.publicKey ?? defaults.publicKeys;
  if (paths.length > 0) {
    const allowUnsigned = options.allowUnsigned ?? (options.publicKey === undefined && defaults.allowUnsigned);
    return { keys: await readPublicKeys(paths), required: !allowUnsigned };
  }
  if (options.allowUnsigned) throw new UsageError('--allow-unsigned says nothing without --public-key');
  if (!defaults.allowUnsigned) {
    throw new UsageError('MODEL_SIGNATURES is "required", but neither --public-key nor MODEL_PUBLIC_KEYS names a key');
  }
  return undefined;
}

/** The server loads each version anew, beside those that serve. */
async function verifyThere(
  server: ServerAccess,
  only: string | undefined,
  note: (finding: Finding) => void,
): Promise<string> {
  const models = only === undefined ? (await server.listing()).models.map(({ name }) => name) : [only];
  for (const model of models) {
    const { findings } = await server.call<{ findings: Finding[] }>('POST', `${pathOf(model)}/verify`);
    findings.forEach(note);
  }
  return server.server;
}

async function verifyHere(
  registry: string,
  only: string | undefined,
  signatures: SignatureRules | undefined,
  note: (finding: Finding) => void,
): Promise<string> {
  const store = await FolderStore.open(registry);
  if (only !== undefined) await requireModel(store, only);
  const models = only === undefined ? await store.listModels() : [only];
  for (const model of models.sort()) await verifyModel(store, model, signatures, note);
  return join(store.location, only ?? '');
}

async function verifyModel(
  store: FolderStore,
  model: string,
  signatures: SignatureRules | undefined,
  note: (finding: Finding) => void,
): Promise<void> {
  const versions = await store.listVersions(model);
  if (versions.length === 0) return;
  try {
    const policy = await store.readPolicy(model);
    if (policy !== null) parsePolicy(policy, versions);
    note({ model, ok: true, detail: policy === null ? 'there is none' : 'is valid' });
  } catch (error) {
    note({ model, ok: false, detail: (error as Error).message });
  }
  const predictors = commandPredictors('asServed');
  for (const version of versions) {
    try {
      const folder = await store.versionFolder(model, version);
      const loaded = await loadVersion(folder, model, version, {
        predictors,
        signatures,
        runtime: { workers: 1 },
      });
      const { oneByOne, doubts } = loaded.predictor;
      await loaded.stop(1_000);
      const doubtful = [...(oneByOne ? [`${oneByOne}: set "maxBatch": 1 in its runtime`] : []), ...doubts];
      if (doubtful.length > 0) {
        note({ model, version, ok: false, detail: doubtful.join('; ') });
        continue;
      }
      const signer = loaded.signedBy && `signature by ${loaded.signedBy.id.slice(0, 16)}, `;
      const { golden } = loaded.manifest as Partial<ImageClassificationFields>;
      note({
        model,
        version,
        ok: true,
        detail: `${signer ?? ''}checksum, loading${golden ? ` and ${golden.length} golden images` : ''}`,
      });
    } catch (error) {
      note({ model, version, ok: false, detail: (error as Error).message });
    }
  }
}
