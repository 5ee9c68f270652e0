import { parseArgs } from 'node:util';

const HELP = `npm run bench -- [options]

Measures the server against the most that this machine gives with the same code, and prints a table.

  --models LIST        of resnet18, resnet50 (built for the occasion), or names in --registry
                       (default resnet18,resnet50,resnet-cifar10)
  --inputs LIST        of jpeg, large, png, small (default: jpeg at every number of connections, the others at 10)
  --connections LIST   (default 1,10,64)
  --seconds N          measured per row (default 6)
  --warm-up N          seconds before each row that do not count (default 2)
  --registry DIR       where other models are (default model-registry)
  --workers N --threads N --max-batch N
                       the runtime of the models that are built (default: the server's own)
  --port N             the server's port (default: a free one)
  --profile DIR        writes CPU profiles of the server and of its workers
  --no-start-up        leaves out how long the start takes
  --no-cache           leaves out what the cache gives
  --json               prints JSON instead of tables
  --help`;

/** What the command line asks for. @throws Error with a sentence for the user */
export function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      models: { type: 'string', default: 'resnet18,resnet50,resnet-cifar10' },
      inputs: { type: 'string' },
      connections: { type: 'string', default: '1,10,64' },
      seconds: { type: 'string', default: '6' },
      'warm-up': { type: 'string', default: '2' },
      registry: { type: 'string', default: 'model-registry' },
      workers: { type: 'string' },
      threads: { type: 'string' },
      'max-batch': { type: 'string' },
      port: { type: 'string' },
      profile: { type: 'string' },
      'no-start-up': { type: 'boolean', default: false },
      'no-cache': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return { help: HELP };
  const known = ['jpeg', 'large', 'png', 'small'];
  const inputs = values.inputs === undefined ? undefined : list(values.inputs);
  const wrong = inputs?.find((name) => !known.includes(name));
  if (wrong !== undefined) throw new Error(`--inputs: there is no "${wrong}"; there are ${known.join(', ')}`);
  return {
    models: list(values.models),
    inputs,
    connections: list(values.connections).map((text) => number('--connections', text, 1)),
    seconds: number('--seconds', values.seconds, 0.5),
    warmUpSeconds: number('--warm-up', values['warm-up'], 0),
    registry: values.registry,
    runtime: runtimeOf(values),
    port: values.port === undefined ? undefined : number('--port', values.port, 1),
    profile: values.profile,
    startUp: !values['no-start-up'],
    cache: !values['no-cache'],
    json: values.json,
  };
}

function runtimeOf({ workers, threads, 'max-batch': maxBatch }) {
  const given = Object.entries({ workers, threads, maxBatch }).filter(([, value]) => value !== undefined);
  if (given.length === 0) return undefined;
  return Object.fromEntries(given.map(([key, value]) => [key, number(key, value, 1)]));
}

export function list(text) {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

export function number(name, text, least) {
  const value = Number(text);
  if (Number.isFinite(value) && value >= least) return value;
  throw new Error(`${name} must be a number of at least ${least}, not "${text}"`);
}
