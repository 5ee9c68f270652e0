// `npm run bench:memory`: how much memory the server holds after many images of all sizes, allocator by allocator.
import process from 'node:process';
import { parseArgs } from 'node:util';
import { prepare } from '../scripts/prepare.mjs';

const HELP = `npm run bench:memory -- [options]

Starts the server once per setting of the allocator, sends it images of many sizes and formats, each to be computed, and
prints what memory the server and its workers have together, and what an image cost. Linux.

  --model NAME       resnet18, resnet50 (built for the occasion), or a model in --registry (default resnet-cifar10)
  --images N         sent to each server (default 20000)
  --connections N    (default 8)
  --rounds N         each setting has its turn in each; medians are printed (default 1)
  --settings LIST    of those that --help names below, by number (default: all)
  --registry DIR     where other models are (default model-registry)
  --json             prints JSON instead of a table
  --help

Settings:`;

const { SETTINGS } = await import('./memory/settings.mjs');
let options;
try {
  options = readOptions(process.argv.slice(2));
} catch (error) {
  console.error(`${error.message}; see npm run bench:memory -- --help`);
  process.exit(2);
}
if (options.help) {
  console.log([HELP, ...SETTINGS.map(({ name }, i) => `  ${i + 1}  ${name}`)].join('\n'));
} else {
  // On a fresh clone the libraries come with this.
  prepare();
  const { benchMemory } = await import('./memory/run.mjs');
  process.exitCode = await benchMemory(options);
}

function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      model: { type: 'string', default: 'resnet-cifar10' },
      images: { type: 'string', default: '20000' },
      connections: { type: 'string', default: '8' },
      rounds: { type: 'string', default: '1' },
      settings: { type: 'string', default: SETTINGS.map((_, i) => i + 1).join(',') },
      registry: { type: 'string', default: 'model-registry' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    ...values,
    images: whole('--images', values.images, 1_001),
    connections: whole('--connections', values.connections, 1),
    rounds: whole('--rounds', values.rounds, 1),
    settings: values.settings.split(',').map((text) => SETTINGS[whole('--settings', text, 1, SETTINGS.length) - 1]),
  };
}

function whole(name, text, least, most = Infinity) {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new Error(`${name} must be a whole number from ${least}${most < Infinity ? ` to ${most}` : ''}, not "${text}"`);
}
