// Measures Eyrie and other model servers side by side and writes docs/PERFORMANCE.md. Needs Python 3 with venv, and PyPI.
import process from 'node:process';
import { prepare } from '../scripts/prepare.mjs';
import { readCompareOptions } from './compare/options.mjs';

let options;
try {
  options = readCompareOptions(process.argv.slice(2));
} catch (error) {
  console.error(`${error.message}; see node bench/compare.mjs --help`);
  process.exit(2);
}
if (options.help) {
  console.log(options.help);
} else {
  prepare();
  const { compare } = await import('./compare/compare.mjs');
  process.exitCode = await compare(options);
}
