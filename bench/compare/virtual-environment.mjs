import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Makes the peer's virtual environment, unless it is there with the same requirements.
 * @returns its folder
 * @throws Error with the last of what pip said
 */
export function install(peer, { venvs, python }, progress) {
  const venv = join(venvs, peer.name);
  const wanted = createHash('sha256').update(readFileSync(peer.requirements)).digest('hex');
  const stamp = join(venv, '.requirements');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return venv;
  progress(`${peer.name}: installing`);
  mkdirSync(venvs, { recursive: true });
  run(python, ['-m', 'venv', venv]);
  run(join(venv, 'bin/python'), ['-m', 'pip', 'install', '--quiet', '--requirement', peer.requirements]);
  writeFileSync(stamp, wanted);
  return venv;
}

/** The versions that are installed, of the packages that matter. */
export function installedVersions(venv, packages) {
  const script =
    'import sys; from importlib.metadata import version; ' +
    'print("Python", sys.version.split()[0]); [print(name, version(name)) for name in sys.argv[1:]]';
  return run(join(venv, 'bin/python'), ['-c', script, ...packages])
    .trim()
    .split('\n');
}

function run(command, args) {
  const { status, error, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (error) throw new Error(`cannot run ${command}: ${error.message}`);
  if (status !== 0) throw new Error(`it does not install: ${stderr.trim().split('\n').at(-1)}`);
  return stdout;
}
