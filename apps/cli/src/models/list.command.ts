import Table from 'cli-table3';
import { Command } from 'commander';
import {
  openRegistry,
  withRegistryOptions,
  type RegistryDefaults,
  type RegistryOptions,
} from '../registry/open-registry';
import type { ListedModel } from '../registry/registry-access';
import { policyReport } from '../traffic/policy-report';

export function listCommand(defaults: RegistryDefaults): Command {
  const list = new Command('list')
    .description('Lists the models of a registry.')
    .addHelpText('after', '\nExample:\n  npm run eyrie -- models list --server http://localhost:8000')
    .action(async (options: RegistryOptions) => {
      const models = await (await openRegistry(options, defaults)).models();
      console.log(options.json ? JSON.stringify(models, null, 2) : modelTable(models));
      const problems = models.flatMap(({ name, problem, versions }) => [
        ...(problem === undefined ? [] : [problem]),
        ...versions
          .filter(({ state }) => state === 'FAILED')
          .map(({ version, reason }) => `${name} version ${version} is FAILED: ${reason ?? 'see the log'}`),
      ]);
      for (const problem of problems) console.error(`eyrie: ${problem}`);
      if (problems.length > 0) process.exitCode = 1;
    });
  return withRegistryOptions(list);
}

export function showCommand(defaults: RegistryDefaults): Command {
  const show = new Command('show')
    .description('Shows a model: its versions and how its traffic is split.')
    .argument('<model>')
    .addHelpText('after', '\nExample:\n  npm run eyrie -- models show resnet-cifar10')
    .action(async (name: string, options: RegistryOptions) => {
      const model = await (await openRegistry(options, defaults)).model(name);
      const text = `${modelTable([model])}\n${policyReport(name, model.policy)}`;
      console.log(options.json ? JSON.stringify(model, null, 2) : text);
    });
  return withRegistryOptions(show);
}

function modelTable(models: ListedModel[]): string {
  const table = new Table({
    head: ['model', 'version', 'aliases', 'state', 'top-1', 'description'],
    style: { head: [], border: [], compact: true },
  });
  for (const { name, versions } of models) {
    for (const { version, aliases, state, reason, description, top1 } of versions) {
      const accuracy = top1 === undefined ? '' : `${(top1 * 100).toFixed(2)}%`;
      table.push([name, version, aliases.join(', '), state ?? '', accuracy, reason ?? description ?? '']);
    }
  }
  return table.toString();
}
