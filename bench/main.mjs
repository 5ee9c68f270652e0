// `npm run bench`: what the server does on this machine, against what the machine can do. See docs/PERFORMANCE.md.
import process from 'node:process';
import { prepare } from '../scripts/prepare.mjs';
import { readOptions } from './options.mjs';

let options;
try {
  options = readOptions(process.argv.slice(2));
} catch (error) {
  console.error(`${error.message}; see npm run bench -- --help`);
  process.exit(2);
}
if (options.help) {
  console.log(options.help);
} else {
  // On a fresh clone the libraries come with this.
  prepare();
  const { bench } = await import('./bench.mjs');
  process.exitCode = await bench(options);
}
