// `npm run bench:overload`: what becomes of the server when far more comes in than it can do.
import process from 'node:process';
import { parseArgs } from 'node:util';
import { prepare } from '../scripts/prepare.mjs';
import { number } from './options.mjs';

const HELP = `npm run bench:overload -- [options]

Measures what the server can do at the most, then sends a multiple of it, and looks at what is answered, what is refused,
how /health and /metrics do meanwhile, and whether all is as before afterwards.

  --model NAME       resnet18, resnet50 (built for the occasion), or a model in --registry (default resnet18)
  --input NAME       jpeg, large, png or small (default jpeg)
  --factor N         how many times the peak is sent (default 5)
  --seconds N        of overload (default 60)
  --peak-seconds N   for measuring the peak, before and after (default 10)
  --timeout-ms N     REQUEST_TIMEOUT_MS of the server (default: the server's own, 10000)
  --registry DIR     where other models are (default model-registry)
  --port N           the server's port (default: a free one)
  --json             prints JSON instead of tables
  --help`;

let options;
try {
  options = readOptions(process.argv.slice(2));
} catch (error) {
  console.error(`${error.message}; see npm run bench:overload -- --help`);
  process.exit(2);
}
if (options.help) {
  console.log(HELP);
} else {
  // On a fresh clone the libraries come with this.
  prepare();
  const { benchOverload } = await import('./overload/run.mjs');
  process.exitCode = await benchOverload(options);
}

function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      model: { type: 'string', default: 'resnet18' },
      input: { type: 'string', default: 'jpeg' },
      factor: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '60' },
      'peak-seconds': { type: 'string', default: '10' },
      'timeout-ms': { type: 'string', default: '10000' },
      registry: { type: 'string', default: 'model-registry' },
      port: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const inputs = ['jpeg', 'large', 'png', 'small'];
  if (!inputs.includes(values.input)) {
    throw new Error(`--input: there is no "${values.input}"; there are ${inputs.join(', ')}`);
  }
  return {
    ...values,
    factor: number('--factor', values.factor, 1.1),
    seconds: number('--seconds', values.seconds, 2),
    peakSeconds: number('--peak-seconds', values['peak-seconds'], 1),
    timeoutMs: number('--timeout-ms', values['timeout-ms'], 1),
    port: values.port === undefined ? undefined : number('--port', values.port, 1),
  };
}
