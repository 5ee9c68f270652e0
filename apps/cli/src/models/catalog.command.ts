import Table from 'cli-table3';
import { Command } from 'commander';
import { type CatalogEntry, readCatalog } from '#authoring';
import { FolderStore } from '#registry';
import { catalogFile } from './catalog-file';
import { type InstalledVersion, installedVersions } from './catalog-installed';

interface CatalogOptions {
  registry: string;
  catalog?: string;
  json?: boolean;
}

interface Row extends CatalogEntry {
  installed: InstalledVersion[];
}

const EXAMPLES = `
Examples:
  npm run eyrie -- models catalog
  npm run eyrie -- models catalog --json`;

export function catalogCommand(registry: string): Command {
  return new Command('catalog')
    .description('Lists the models that can be pulled by name, and which of them the registry has.')
    .option('--registry <folder>', 'the model registry', registry)
    .option('--catalog <file>', "another catalog than the registry's or Eyrie's own")
    .option('--json', 'print the list as JSON')
    .addHelpText('after', EXAMPLES)
    .action(showCatalog);
}

async function showCatalog({ registry, catalog, json }: CatalogOptions): Promise<void> {
  const store = await FolderStore.open(registry);
  const entries = await readCatalog(catalogFile(registry, catalog));
  const installed = await installedVersions(store);
  const rows = entries.map((entry) => ({ ...entry, installed: installed.get(entry.sha256) ?? [] }));
  console.log(json ? JSON.stringify(rows, null, 2) : table(rows));
}

function table(rows: readonly Row[]): string {
  const list = new Table({
    head: ['name', 'description', 'MB', 'installed'],
    colAligns: ['left', 'left', 'right', 'left'],
    style: { head: [], border: [], compact: true },
  });
  for (const { name, description, bytes, installed } of rows) {
    const where = installed.map(({ model, version }) => `${model} ${version}`).join(', ');
    list.push([name, description, (bytes / 1e6).toFixed(1), where || '-']);
  }
  return list.toString();
}
