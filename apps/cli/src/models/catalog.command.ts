import { Command } from 'commander';
import { type CatalogEntry, readCatalog } from '#authoring';
import { FolderStore } from '#registry';
import { print } from '../output/format';
import { tableText } from '../output/table';
import {
  folderOf,
  type RegistryDefaults,
  type RegistryOptions,
  serverOf,
  withRegistryOptions,
} from '../registry/open-registry';
import { catalogFile } from './catalog-file';
import { type InstalledVersion, installedVersions, versionsByFile } from './catalog-installed';

interface CatalogOptions extends RegistryOptions {
  catalog?: string;
}

interface Row extends CatalogEntry {
  installed: InstalledVersion[];
}

const EXAMPLES = `
Examples:
  eyrie models catalog
  eyrie models catalog --json`;

export function catalogCommand(defaults: RegistryDefaults): Command {
  const catalog = new Command('catalog')
    .description('Lists the models that can be pulled by name, and which of them the registry has.')
    .option('--catalog <file>', "another catalog than the registry's or Eyrie's own")
    .addHelpText('after', EXAMPLES)
    .action((options: CatalogOptions) => showCatalog(options, defaults));
  return withRegistryOptions(catalog);
}

async function showCatalog(options: CatalogOptions, defaults: RegistryDefaults): Promise<void> {
  const server = serverOf(options, defaults);
  const registry = folderOf(options, defaults);
  const installed = server
    ? versionsByFile((await server.listing()).models)
    : await installedVersions(await FolderStore.open(registry));
  const entries = await readCatalog(catalogFile(server ? undefined : registry, options.catalog));
  const rows = entries.map((entry) => ({ ...entry, installed: installed.get(entry.sha256) ?? [] }));
  print(options, rows, (wide) => table(rows, wide));
}

function table(rows: readonly Row[], wide: boolean): string {
  return tableText(
    {
      head: ['name', 'description', 'MB', 'installed'],
      rows: rows.map(({ name, description, bytes, installed }) => {
        const where = installed.map(({ model, version }) => `${model} ${version}`).join(', ');
        return [name, description, (bytes / 1e6).toFixed(1), where || '-'];
      }),
      right: [2],
    },
    wide,
  );
}
