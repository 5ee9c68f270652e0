// Prometheus and promtool: found, or unpacked from Debian's package; started; asked.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from '../prepare.mjs';

/** @returns the paths of `prometheus` and `promtool` */
export function findPrometheus() {
  const folders = (process.env.PATH ?? '').split(':');
  const installed = folders.find((folder) =>
    ['prometheus', 'promtool'].every((name) => existsSync(join(folder, name))),
  );
  const bin = installed ?? unpacked();
  return { prometheus: join(bin, 'prometheus'), promtool: join(bin, 'promtool') };
}

/** Debian's package, checked by apt, unpacked beside the project: nothing is installed, and root is not needed. */
function unpacked() {
  const folder = join(root, '.cache', 'prometheus');
  const bin = join(folder, 'usr', 'bin');
  if (existsSync(join(bin, 'promtool'))) return bin;
  mkdirSync(folder, { recursive: true });
  console.error('Unpacking Debian’s prometheus …');
  if (!quietly('apt-get', ['download', 'prometheus'], folder)) {
    quietly('apt-get', ['update', '-qq'], folder);
    if (!quietly('apt-get', ['download', 'prometheus'], folder)) {
      throw new Error(
        'there is no prometheus in PATH, and apt-get cannot download it: install Prometheus 2.40 or newer',
      );
    }
  }
  const archive = readdirSync(folder).find((name) => name.endsWith('.deb'));
  if (!quietly('dpkg-deb', ['-x', archive, '.'], folder)) throw new Error(`dpkg-deb cannot unpack ${archive}`);
  return bin;
}

function quietly(command, args, cwd) {
  return spawnSync(command, args, { cwd, stdio: ['ignore', 'ignore', 'ignore'] }).status === 0;
}

/** A running Prometheus with a database of its own. */
export class Prometheus {
  output = '';

  constructor(binary, config, folder, port) {
    this.url = `http://127.0.0.1:${port}`;
    this.child = spawn(
      binary,
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        '--storage.tsdb.retention.time=15d',
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=warn',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    this.child.stderr.on('data', (chunk) => (this.output += chunk));
  }

  async ready() {
    for (let i = 0; i < 300 && this.child.exitCode === null; i++) {
      const answer = await fetch(`${this.url}/-/ready`).catch(() => null);
      if (answer?.ok) return;
      await sleep(200);
    }
    throw new Error(`Prometheus did not start: ${this.output}`);
  }

  /** @returns the samples of an instant query @throws with Prometheus' own words when it refuses the expression */
  async query(expr) {
    const body = new URLSearchParams({ query: expr });
    const { status, data, error } = await (await fetch(`${this.url}/api/v1/query`, { method: 'POST', body })).json();
    if (status !== 'success') throw new Error(`${error}: ${expr}`);
    return data.result;
  }

  /** @returns names of the alerts that fire, with their severity and what tells rules of one name apart */
  async firing() {
    const { data } = await (await fetch(`${this.url}/api/v1/alerts`)).json();
    return data.alerts.filter(({ state }) => state === 'firing').map(({ labels }) => labels);
  }

  async stop() {
    const ended = new Promise((resolve) => this.child.once('close', resolve));
    if (this.child.exitCode !== null) return;
    this.child.kill('SIGTERM');
    await Promise.race([ended, sleep(10_000).then(() => this.child.kill('SIGKILL'))]);
  }
}
