// `npm run verify:nest`: a copy of the project, built and started by the Nest CLI alone, must classify a picture. Takes the CLI
// from npm's registry for as long as it runs; the project itself needs none.
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepare, root, run } from './prepare.mjs';

const CLI = '@nestjs/cli@12.0.8';
const START_MS = 180_000;

prepare();
const folder = mkdtempSync(join(tmpdir(), 'eyrie-nest-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const copy = join(folder, 'eyrie');
copyOfSources(copy);
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
run(npm, ['install', '--prefix', folder, '--no-save', '--no-audit', '--no-fund', '--loglevel=error', CLI]);
const nest = join(folder, 'node_modules/@nestjs/cli/bin/nest.js');
run(process.execPath, [nest, 'build'], { cwd: copy });

// A group of its own: `nest start` does not hand signals on to what it starts.
const started = spawn(process.execPath, [nest, 'start'], {
  cwd: copy,
  detached: true,
  env: { ...process.env, HOST: '127.0.0.1', PORT: '0', GRPC_PORT: '0' },
  stdio: ['ignore', 'pipe', 'inherit'],
});
process.on('exit', () => endGroup(started));
const url = await addressOf(started);
const body = readFileSync(join(root, 'samples/ship.png'));
const response = await fetch(`${url}/v1/predict`, { method: 'POST', headers: { 'Content-Type': 'image/png' }, body });
const { predictions } = await response.json();
if (predictions?.[0]?.label !== 'ship') throw new Error(`answered ${response.status}: ${JSON.stringify(predictions)}`);
console.log(`built and started by ${CLI}: samples/ship.png is a ${predictions[0].label}`);
process.exit(0);

/** What git would have in a clone, with this folder's packages. */
function copyOfSources(target) {
  const { stdout } = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
  for (const name of stdout.toString().split('\0').filter(Boolean)) cpSync(join(root, name), join(target, name));
  symlinkSync(join(root, 'node_modules'), join(target, 'node_modules'), 'junction');
}

/** Where the server says that it serves. */
function addressOf(child) {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
      const address = /serving on (http:\/\/[^ ]+) /.exec(text)?.[1];
      if (address) resolve(address);
    });
    child.once('exit', (code) => reject(new Error(`nest start ended with ${code}:\n${text}`)));
    setTimeout(() => reject(new Error(`it does not serve after ${START_MS} ms:\n${text}`)), START_MS).unref();
  });
}

function endGroup({ pid }) {
  try {
    process.kill(-pid, 'SIGTERM');
  } catch {
    // It has ended by itself.
  }
}
