import { join } from 'node:path';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { root } from '../../scripts/prepare.mjs';
import { list, number } from '../options.mjs';

const HELP = `node bench/compare.mjs [options]

Measures Eyrie and other model servers in turn, each with the same models, images and cores, and writes the medians into
docs/PERFORMANCE.md.

  --models LIST        of resnet18, resnet50, resnet-cifar10 (default all)
  --peers LIST         folders of bench/peers (default all)
  --connections LIST   (default 1,10,64)
  --rounds N           how often each side is measured (default 3)
  --seconds N          measured per row (default 6)
  --warm-up N          seconds before each row that do not count (default 3)
  --no-large           leaves out the 12-megapixel JPEG
  --no-open-loop       leaves out the open loop
  --cpus LIST          ties every server to these cores, as taskset does (Linux)
  --venvs DIR          where the peers are installed (default .cache/peers)
  --python PROGRAM     makes the virtual environments (default python3)
  --results FILE       what was measured, as JSON (default .cache/peers/results.json)
  --report             measures nothing, and writes the document from the results
  --check              measures nothing, and only sees whether every side gives the same answer
  --help`;

/** @throws Error with a sentence for the user */
export function readCompareOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      models: { type: 'string', default: 'resnet18,resnet50,resnet-cifar10' },
      peers: { type: 'string' },
      connections: { type: 'string', default: '1,10,64' },
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '6' },
      'warm-up': { type: 'string', default: '3' },
      'no-large': { type: 'boolean', default: false },
      'no-open-loop': { type: 'boolean', default: false },
      cpus: { type: 'string' },
      venvs: { type: 'string', default: join(root, '.cache/peers') },
      python: { type: 'string', default: 'python3' },
      results: { type: 'string', default: join(root, '.cache/peers/results.json') },
      report: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return { help: HELP };
  const pinnedTo = values.cpus === undefined ? undefined : list(values.cpus);
  return {
    models: list(values.models),
    peers: values.peers === undefined ? undefined : list(values.peers),
    connections: list(values.connections).map((text) => number('--connections', text, 1)),
    rounds: number('--rounds', values.rounds, 1),
    seconds: number('--seconds', values.seconds, 0.5),
    warmUpSeconds: number('--warm-up', values['warm-up'], 0),
    large: !values['no-large'],
    openLoop: !values['no-open-loop'],
    pinnedTo,
    cpus: pinnedTo?.length ?? availableParallelism(),
    venvs: values.venvs,
    python: values.python,
    results: values.results,
    report: values.report,
    check: values.check,
    command: ['node bench/compare.mjs', ...shown(args)].join(' '),
  };
}

/** Where files lie says nothing about the figures. */
function shown(args) {
  const local = ['--venvs', '--results', '--python'];
  return args.filter((arg, i) => !local.some((name) => arg.startsWith(name) || args[i - 1] === name));
}
