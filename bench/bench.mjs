import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { benchCache } from './cache.mjs';
import { machine } from './measure/machine.mjs';
import { benchModel } from './model.mjs';
import { writeResnet } from './models/registry.mjs';
import { RESNETS } from './models/resnet.mjs';
import { printReport } from './report/report.mjs';
import { benchStartUp } from './start-up.mjs';
import { inTemporaryFolder } from './temporary-folder.mjs';

/** Runs all that is asked for and prints it; what cannot be measured is named, and the rest goes on. @returns exit code */
export async function bench(options) {
  const progress = (line) => console.error(line);
  const results = { machine: machine(), options: forReport(options), models: [], startUp: [], cache: [], skipped: [] };
  const attempt = async (what, work, into) => {
    try {
      into.push(await work());
    } catch (error) {
      const reason = error.message.replace(/\s+/g, ' ');
      progress(`${what}: skipped: ${reason}`);
      results.skipped.push({ what, reason });
    }
  };
  await inTemporaryFolder('bench', async (folder) => {
    for (const name of options.models) {
      const registry = RESNETS.includes(name) ? join(folder, name) : resolve(options.registry);
      const subject = { name, registry };
      const build = () => {
        if (!RESNETS.includes(name)) return;
        progress(`${name}: building the model`);
        writeResnet(registry, name, options.runtime);
      };
      await attempt(name, () => (build(), benchModel(subject, options, progress)), results.models);
      if (!results.models.some(({ model }) => model === name)) continue;
      if (options.startUp) {
        await attempt(`${name}: start-up`, () => benchStartUp(subject, options, progress), results.startUp);
      }
      if (options.cache) await attempt(`${name}: cache`, () => benchCache(subject, options, progress), results.cache);
      // Hundreds of megabytes, if there are more to come.
      if (RESNETS.includes(name)) rmSync(registry, { recursive: true });
    }
  });
  results.finished = new Date().toISOString();
  if (options.json) console.log(JSON.stringify(results, null, 2));
  else printReport(results);
  return results.models.length > 0 ? 0 : 1;
}

function forReport({ models, inputs, connections, seconds, warmUpSeconds, runtime }) {
  return { models, inputs, connections, seconds, warmUpSeconds, runtime };
}
