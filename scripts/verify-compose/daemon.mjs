// A Docker daemon with a store, a socket and a network of its own. Docker changes the network of the machine that it runs on:
// bridges, packet filters, forwarding. Here all of that is in a network namespace, which reaches the outside through a
// process (slirp4netns), and which is gone afterwards.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CACHE, run } from '../verify-image/tools.mjs';

const STORE = join(CACHE, 'docker');
const FOLDER = `/run/eyrie-docker-${createHash('sha256').update(STORE).digest('hex').slice(0, 12)}`;
const NETWORK = join(FOLDER, 'network');
const PID = join(FOLDER, 'pid');
const LOG = join(FOLDER, 'dockerd.log');
/** slirp4netns' own: it asks whom this machine asks. */
const NAME_SERVER = '10.0.2.3';

export class Daemon {
  /** Variables with which `docker` finds this daemon, and the plugins that were built for it. */
  environment = {
    ...process.env,
    DOCKER_HOST: `unix://${join(FOLDER, 'docker.sock')}`,
    DOCKER_CONFIG: join(CACHE, 'docker-config'),
    DOCKER_BUILDKIT: '1',
  };
  /** What runs inside the network. */
  inside = undefined;
  #children = [];
  #isMine = false;

  async start() {
    if (isRunning()) throw new Error('another run of this script uses its Docker daemon');
    this.#isMine = true;
    mkdirSync(FOLDER, { recursive: true });
    await this.#leaveNetwork();
    writeFileSync(NETWORK, '');
    await run('unshare', [`--net=${NETWORK}`, 'true']);
    await this.#connect();
    const log = openSync(LOG, 'w');
    // The rest of its settings are this machine's, where it has some in /etc/docker/daemon.json.
    const dockerd = this.#spawn(
      'nsenter',
      [
        ...[`--net=${NETWORK}`, 'dockerd', '--data-root', STORE, '--exec-root', join(FOLDER, 'exec')],
        ...['--pidfile', PID, '--host', this.environment.DOCKER_HOST],
        ...['--dns', NAME_SERVER, '--log-level', 'warn'],
        // Where containerd runs already, dockerd uses that, and must leave alone what another dockerd has there.
        ...['--containerd-namespace', 'eyrie-verify', '--containerd-plugins-namespace', 'eyrie-verify-plugins'],
      ],
      ['ignore', log, log],
    );
    closeSync(log);
    for (let i = 0; i < 120 && dockerd.exitCode === null; i++) {
      if (await this.docker('version').catch(() => '')) return this;
      await sleep(500);
    }
    throw new Error(`dockerd does not start:\n${readFileSync(LOG, 'utf8').split('\n').slice(-15).join('\n')}`);
  }

  docker(...args) {
    return run('docker', args, { env: this.environment });
  }

  /** Runs Node inside the network, where published ports can be reached. Resolves with its exit code. */
  node(...args) {
    const stdio = 'inherit';
    this.inside = spawn('nsenter', [`--net=${NETWORK}`, process.execPath, ...args], { env: this.environment, stdio });
    return new Promise((resolve) => this.inside.once('exit', (code) => resolve(code ?? 1)));
  }

  async stop() {
    if (!this.#isMine) return;
    for (const child of this.#children.reverse()) {
      if (child.exitCode !== null) continue;
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await exited;
    }
    await this.#leaveNetwork();
    rmSync(FOLDER, { recursive: true, force: true });
  }

  async #connect() {
    const options = ['--configure', '--disable-host-loopback', '--netns-type=path', '--ready-fd=3'];
    const slirp = this.#spawn('slirp4netns', [...options, NETWORK, 'tap0'], ['ignore', 'ignore', 'ignore', 'pipe']);
    await new Promise((resolve, reject) => {
      slirp.stdio[3].once('data', resolve);
      slirp.once('exit', (code) => reject(new Error(`slirp4netns ended with ${code}`)));
    });
  }

  #spawn(program, args, stdio) {
    // A group of its own, which Ctrl+C does not reach: the daemon is needed until its containers are gone.
    const child = spawn(program, args, { stdio, detached: true });
    this.#children.push(child);
    return child;
  }

  /** The namespace is kept by a mount, which a run that was killed may have left. */
  async #leaveNetwork() {
    await run('umount', [NETWORK]).catch(() => undefined);
    rmSync(NETWORK, { force: true });
  }
}

function isRunning() {
  return existsSync(PID) && existsSync(`/proc/${readFileSync(PID, 'utf8').trim()}`);
}
