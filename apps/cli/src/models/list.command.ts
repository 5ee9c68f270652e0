import { Command } from 'commander';
import { print } from '../output/format';
import { tableText } from '../output/table';
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
    .addHelpText('after', '\nExample:\n  eyrie models list --server http://localhost:8000')
    .action(async (options: RegistryOptions) => {
      const registry = await openRegistry(options, defaults);
      const { models, passedOver } = await registry.listing();
      print(options, models, (wide) => modelTable(models, wide));
      const problems = models.flatMap(({ name, problem, versions }) => [
        ...(problem === undefined ? [] : [problem]),
        ...versions
          .filter(({ state }) => state === 'FAILED')
          .map(({ version, reason }) => `${name} version ${version} is FAILED: ${reason ?? 'see the log'}`),
      ]);
      for (const sentence of passedOver) console.error(`eyrie: ${sentence}`);
      for (const problem of problems) console.error(`eyrie: ${problem}`);
      if (problems.length > 0) process.exitCode = 1;
    });
  return withRegistryOptions(list);
}

export function showCommand(defaults: RegistryDefaults): Command {
  const show = new Command('show')
    .description('Shows a model: its versions and how its traffic is split.')
    .argument('<model>')
    .addHelpText('after', '\nExample:\n  eyrie models show resnet-cifar10')
    .action(async (name: string, options: RegistryOptions) => {
      const model = await (await openRegistry(options, defaults)).model(name);
      print(options, model, (wide) => `${modelTable([model], wide)}\n${policyReport(name, model.policy)}`);
    });
  return withRegistryOptions(show);
}

function modelTable(models: ListedModel[], wide: boolean): string {
  const rows = models.flatMap(({ name, versions }) =>
    versions.map(({ version, aliases, state, reason, description, top1, sha256 }) => [
      ...[name, version, aliases.join(', '), state ?? '', top1 === undefined ? '' : `${(top1 * 100).toFixed(2)}%`],
      ...(wide ? [sha256 ?? ''] : []),
      reason ?? description ?? '',
    ]),
  );
  const head = ['model', 'version', 'aliases', 'state', 'top-1', ...(wide ? ['SHA-256'] : []), 'description'];
  return tableText({ head, rows }, wide);
}
