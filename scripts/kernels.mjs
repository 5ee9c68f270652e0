// Writes what libs/tasks/wasm/convolve.ts compiles to into a source file, so that whoever compiles the sources, be it
// `npm run build` or `nest build`, has a whole server. With --check, a difference is an error.
import asc from 'assemblyscript/asc';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { root } from './prepare.mjs';

const SETTINGS = 'libs/tasks/wasm/asconfig.json';
const MADE = join(root, 'libs/tasks/src/image-classification/worker/image/kernels.ts');

const made = await sourceOf(await compile());
if (made === readFileSync(MADE, 'utf8')) process.exit(0);
if (process.argv.includes('--check')) {
  console.error(`${MADE} is not what ${SETTINGS} makes; run node scripts/kernels.mjs`);
  process.exit(1);
}
writeFileSync(MADE, made);

async function compile() {
  let bytes;
  const { error, stderr } = await asc.main(['--config', join(root, SETTINGS), '--outFile', 'kernels.wasm'], {
    writeFile: (name, contents) => void (name.endsWith('.wasm') && (bytes = contents)),
  });
  if (error) throw new Error(`${error.message}\n${stderr.toString()}`);
  return Buffer.from(bytes);
}

async function sourceOf(bytes) {
  const lines = bytes.toString('base64').match(/.{1,100}/g);
  const text = `// Made of libs/tasks/wasm/convolve.ts by scripts/kernels.mjs.

/** A WebAssembly module; convolution.ts says what is in it. */
export const KERNELS = Buffer.from(
  ${lines.map((line) => `'${line}'`).join(' +\n    ')},
  'base64',
);
`;
  return format(text, { ...(await resolveConfig(MADE)), parser: 'typescript' });
}
