import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../free-ports.mjs';
import { PODMAN, podman, run } from './tools.mjs';

/** What docs/DEPLOYMENT.md advises: nothing is writable but /tmp, and no privilege can be had. */
export const HARDENED = [
  ...['--read-only', '--read-only-tmpfs=false', '--tmpfs', '/tmp', '--cap-drop', 'ALL'],
  ...['--security-opt', 'no-new-privileges', '--memory', '1g'],
];

/** So that the same image, sent again and again, is computed again and again. */
export const UNCACHED = { CACHE_MAX_BYTES: '0' };

/** A running container of the image, on the host's network. */
export class Container {
  static #all = new Set();

  constructor(id, port) {
    this.id = id;
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
    Container.#all.add(this);
  }

  static async removeAll() {
    await Promise.all([...Container.#all].map((container) => container.remove()));
  }

  /** @param env variables; `flags` of `podman run`, HARDENED unless others are given */
  static async start(image, { env = {}, flags = HARDENED } = {}) {
    const port = env.PORT ?? (await freePort());
    const variables = Object.entries({ HOST: '127.0.0.1', PORT: port, GRPC_PORT: '0', ...env }).flatMap(([k, v]) => [
      '--env',
      `${k}=${v}`,
    ]);
    const id = await podman('run', '--detach', '--network', 'host', ...(await limits()), ...flags, ...variables, image);
    return new Container(id, port);
  }

  /** Resolves when it serves. @throws with its log when it ends before, or does not in time */
  async ready(seconds = 120) {
    for (const end = performance.now() + seconds * 1000; performance.now() < end;) {
      const answer = await fetch(`${this.url}/health/ready`).catch(() => undefined);
      if (answer?.ok) return this;
      if ((await this.inspect('{{.State.Running}}')) !== 'true') break;
      await sleep(500);
    }
    throw new Error(`the container does not become ready:\n${await this.logs()}`);
  }

  async json(path) {
    return (await fetch(this.url + path)).json();
  }

  inspect(format) {
    return podman('inspect', '--format', format, this.id);
  }

  /** Runs a shell line inside, as the image's user; resolves with its stdout. */
  sh(line) {
    return podman('exec', this.id, 'sh', '-c', line);
  }

  logs() {
    return run('sh', ['-c', 'exec "$@" 2>&1', 'sh', ...PODMAN, 'logs', this.id]);
  }

  /** Runs the image's HEALTHCHECK once. @returns its exit code */
  async checkHealth() {
    return podman('healthcheck', 'run', this.id).then(
      () => 0,
      ({ code }) => code,
    );
  }

  /** Sends a signal to PID 1 of the container, as `docker stop` does. */
  signal(name) {
    return podman('kill', '--signal', name, this.id);
  }

  /** @returns the exit code, when it is over */
  async exited() {
    return Number(await podman('wait', this.id));
  }

  async remove() {
    Container.#all.delete(this);
    await podman('rm', '--force', '--time', '5', this.id).catch(() => undefined);
  }
}

/** podman would raise limits above this machine's own, which only some roots may. */
async function limits() {
  const [files, processes] = (await run('sh', ['-c', 'ulimit -Hn; ulimit -Hp 2>/dev/null || ulimit -Hu'])).split('\n');
  const capped = (limit, most) => (Number(limit) < most ? Number(limit) : most);
  return [
    ...['--ulimit', `nofile=${capped(files, 20_000)}:${capped(files, 20_000)}`],
    ...['--ulimit', `nproc=${capped(processes, 4_096)}:${capped(processes, 4_096)}`],
  ];
}
