import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './prepare.mjs';

/**
 * Packages of PyPI in a virtual environment below .cache, made the first time. Needs Python 3.10+ with venv.
 * @param name the first package
 * @param version its version
 * @param {string[]} more packages, as pip takes them
 * @returns the folder of its programs
 */
export function virtualEnvironment(name, version, ...more) {
  const bin = join(root, '.cache', `${name}-${version}`, 'bin');
  // Not every package has a program of its name, and an installation may have been interrupted.
  const whole = join(bin, '..', 'is-whole');
  if (existsSync(whole)) return bin;
  run('python3', ['-m', 'venv', join(bin, '..')]);
  run(join(bin, 'pip'), ['install', '--quiet', ...more, `${name}==${version}`]);
  writeFileSync(whole, '');
  return bin;
}
