import { join } from 'node:path';
import { Command } from 'commander';
import { PredictorFactory } from '#inference';
import { type ImageClassificationFields, WORKER_ENTRY } from '#tasks';
import { FolderStore, loadVersion, parsePolicy } from '#registry';
import { requireModel } from '../registry/known-version';

interface Finding {
  model: string;
  version?: number;
  ok: boolean;
  detail: string;
}

/** As many pixels as a server takes by default. */
const MAX_PIXELS = 50_000_000;

export function verifyCommand(registry: string): Command {
  return new Command('verify')
    .description('Checks every policy, manifest and checksum, loads every version and asks it its golden images.')
    .argument('[model]', 'only this one')
    .option('--registry <folder>', 'the model registry', registry)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  npm run eyrie -- models verify\n\nExit codes: 0 all is well, 1 something is not.',
    )
    .action(async (only: string | undefined, options: { registry: string; json?: boolean }) => {
      const store = await FolderStore.open(options.registry);
      if (only !== undefined) await requireModel(store, only);
      const models = only === undefined ? await store.listModels() : [only];
      const findings: Finding[] = [];
      const note = (finding: Finding): void => {
        findings.push(finding);
        if (options.json) return;
        const what = finding.version === undefined ? 'policy' : `version ${finding.version}`;
        console.log(`${finding.ok ? 'ok    ' : 'FAILED'}  ${finding.model} ${what}  ${finding.detail}`);
      };
      for (const model of models.sort()) await verifyModel(store, model, note);
      if (options.json) console.log(JSON.stringify(findings, null, 2));
      if (findings.length === 0)
        console.error(`eyrie: there is nothing to verify in ${join(store.location, only ?? '')}`);
      process.exitCode = findings.length > 0 && findings.every(({ ok }) => ok) ? 0 : 1;
    });
}

async function verifyModel(store: FolderStore, model: string, note: (finding: Finding) => void): Promise<void> {
  const versions = await store.listVersions(model);
  if (versions.length === 0) return;
  try {
    const policy = await store.readPolicy(model);
    if (policy !== null) parsePolicy(policy, versions);
    note({ model, ok: true, detail: policy === null ? 'there is none' : 'is valid' });
  } catch (error) {
    note({ model, ok: false, detail: (error as Error).message });
  }
  const predictors = new PredictorFactory({ workerEntry: WORKER_ENTRY, maxPixels: MAX_PIXELS });
  for (const version of versions) {
    try {
      const folder = await store.versionFolder(model, version);
      const loaded = await loadVersion(folder, model, version, {
        predictors,
        runtime: { workers: 1 },
      });
      const { oneByOne, doubts } = loaded.predictor;
      await loaded.stop(1_000);
      const doubtful = [...(oneByOne ? [`${oneByOne}: set "maxBatch": 1 in its runtime`] : []), ...doubts];
      if (doubtful.length > 0) {
        note({ model, version, ok: false, detail: doubtful.join('; ') });
        continue;
      }
      const { golden } = loaded.manifest as Partial<ImageClassificationFields>;
      note({
        model,
        version,
        ok: true,
        detail: `checksum, loading${golden ? ` and ${golden.length} golden images` : ''}`,
      });
    } catch (error) {
      note({ model, version, ok: false, detail: (error as Error).message });
    }
  }
}
