import { createHash, randomBytes } from 'node:crypto';
import { Command } from 'commander';
import { type OutputOptions, print, withOutputOptions } from './output/format';
import { UsageError } from './usage-error';

export function keysCommand(): Command {
  const make = new Command('new')
    .description('Makes an API key. The server is told its digest only; the key itself is shown once.')
    .option('--id <name>', 'how the log calls it', 'key')
    .addHelpText('after', '\nExample:\n  eyrie keys new --id ci')
    .action(({ id, ...options }: OutputOptions & { id: string }) => {
      if (!/^[A-Za-z0-9_.-]{1,64}$/.test(id)) throw new UsageError('--id may have letters, digits, "_", "." and "-"');
      const key = `eyrie_${randomBytes(32).toString('base64url')}`;
      const digest = `${id}:${createHash('sha256').update(key).digest('hex')}`;
      print(options, { key, digest }, () => `Key:    ${key}\nDigest: ${digest}\n\n${WHERE}`);
    });
  return new Command('keys').description('API keys.').addCommand(withOutputOptions(make));
}

const WHERE =
  'Put the digest into ADMIN_API_KEYS, PREDICT_API_KEYS or READ_API_KEYS; send the key as "Authorization: Bearer KEY".';
