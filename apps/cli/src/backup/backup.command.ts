import { relative } from 'node:path';
import { Command, Option } from 'commander';
import { print, type OutputOptions, withOutputOptions } from '../output/format';
import { parseWhole } from '../parse';
import { folderAlone, type RegistryDefaults } from '../registry/open-registry';
import { backUp, type TakenBackup } from './back-up';
import { interruptible } from './interruptible';

interface BackupOptions extends OutputOptions {
  registry?: string;
  only?: 'policies';
  keep?: number;
}

export const ONLY = new Option('--only <part>', 'the policies, with all their revisions').choices(['policies']);

export function backupCommand(defaults: RegistryDefaults): Command {
  const command = new Command('backup')
    .description('Backs up a registry, which may be in use. Of versions that were backed up before nothing is copied.')
    .argument('<folder>', 'where backups are kept; each is a folder in it, named by its time')
    .addOption(ONLY)
    .option('--keep <number>', 'remove older backups of the kind, so that so many are left', parseWhole(1, 100_000))
    .option('--registry <folder>', 'the model registry (default: MODEL_REGISTRY, or else ./model-registry)')
    .addHelpText(
      'after',
      '\nExamples:\n  eyrie backup /mnt/backups --keep 14\n  eyrie backup /mnt/backups --only policies' +
        '\n\nExit codes: 0 backed up, 1 not backed up, 2 called wrongly, 130 stopped by a signal.',
    )
    .action(async (to: string, options: BackupOptions) => {
      const registry = folderAlone(options, defaults, 'copies the files of a folder');
      const { only, keep } = options;
      const warnings: string[] = [];
      const warn = (sentence: string): void => {
        warnings.push(sentence);
        console.error(`eyrie: ${sentence}`);
      };
      await interruptible('no backup was made', async (signal) => {
        const taken = await backUp({ registry, to, content: only ?? 'all', keep, signal, warn });
        print(options, { ...taken, warnings }, () => report(taken));
      });
    });
  return withOutputOptions(command);
}

function report({ backup, content, models, bytes, copied, removed }: TakenBackup): string {
  const versions = models.reduce((total, model) => total + model.versions.length, 0);
  const what = content === 'policies' ? 'the policies of ' : '';
  const also = content === 'policies' ? '' : ` with ${count(versions, 'version')}`;
  const line = `${what}${count(models.length, 'model')}${also}, ${size(bytes)}, are in ${relativeTo(backup)}`;
  const here = copied === bytes ? '' : `; ${size(copied)} of it had to be copied`;
  const gone = removed.length === 0 ? '' : `\n${count(removed.length, 'older backup')} removed`;
  return line + here + gone;
}

/** As short as it can be typed. */
function relativeTo(path: string): string {
  const short = relative(process.cwd(), path);
  return short !== '' && short.length < path.length ? short : path;
}

export function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

function size(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB'];
  let value = bytes;
  let unit = 0;
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
