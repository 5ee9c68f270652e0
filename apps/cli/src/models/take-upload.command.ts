import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { EyrieError, type ErrorCode } from '#core';
import { LoadFailedError } from '#inference';
import { InvalidVersionError } from '#registry';
import { HINT, tellOfWrongCalls } from '../wrong-calls';
import { UsageError } from '../usage-error';
import { addCommand } from './add.command';
import { type Upload, uploadArguments } from './upload-fields';

/**
 * What a server runs for `POST /v1/models/{model}/versions`: adds what has been uploaded into a folder as `models add` would. It is
 * for programs alone, prints what was added or the problem as JSON, and ends when the server does.
 */
export function takeUploadCommand(registry: string): Command {
  return new Command('take-upload')
    .argument('<folder>')
    .option('--registry <folder>', 'the model registry', registry)
    .action(async (folder: string, options: { registry: string }) => {
      const onServerGone = (): void => void process.kill(process.pid, 'SIGTERM');
      process.once('disconnect', onServerGone);
      const upload = JSON.parse(await readFile(join(folder, 'upload.json'), 'utf8')) as Upload;
      // So that messages name the file as it was called by whoever sent it.
      process.chdir(folder);
      const wrong: string[] = [];
      const add = tellOfWrongCalls(addCommand(options), (text) => text !== HINT && wrong.push(text));
      try {
        await add.parseAsync(uploadArguments(add, upload, options.registry), { from: 'user' });
      } catch (error) {
        const problem = problemOf(error, wrong);
        if (!problem) throw error;
        console.log(JSON.stringify({ problem }));
        process.exitCode = 1;
      } finally {
        // A channel that somebody listens to keeps the process alive.
        process.off('disconnect', onServerGone);
        if (process.connected) process.disconnect();
      }
    });
}

function problemOf(error: unknown, wrong: string[]): { code: ErrorCode; detail: string } | undefined {
  if (error instanceof EyrieError) return { code: error.code, detail: error.message };
  if (error instanceof InvalidVersionError || error instanceof LoadFailedError) {
    return { code: 'INVALID_MODEL', detail: error.message };
  }
  const said =
    error instanceof UsageError ? error.message : error instanceof CommanderError ? wrong.join(' ') : undefined;
  return said === undefined ? undefined : { code: 'INVALID_REQUEST', detail: asFields(said) };
}

/** Flags are fields of the form there, without dashes. */
function asFields(text: string): string {
  return text
    .replace(/^eyrie: /, '')
    .replace(/(^|[\s'"(])--(?=[a-z])/g, '$1')
    .trim();
}
