import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { atExit } from '../at-exit.mjs';

const STARTS_SERVER = /(^|[ \n])(npm start|node .*apps\/server\/src\/main\.js|\.\/eyrie serve|python3 -m http\.server)/;
const START_TIMEOUT_MS = 120_000;
const COMMAND_TIMEOUT_MS = 180_000;

/** One bash for a whole page, as its reader has one terminal: what is exported stays. What serves gets a terminal of its own. */
export class Shell {
  #bash;
  #printed = '';
  #servers = [];
  #options;
  #forget;

  constructor(folder, env) {
    this.#options = { cwd: folder, env, detached: true };
    this.#bash = spawn('bash', ['--norc', '--noprofile'], { ...this.#options, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#forget = atExit(() => [this.#bash, ...this.#servers].forEach((child) => signalGroup(child, 'SIGKILL')));
    // To a terminal it would not tell how far it is.
    this.#bash.stdin.write('curl() { command curl --no-progress-meter "$@"; }\n');
    for (const stream of [this.#bash.stdout, this.#bash.stderr]) {
      stream.on('data', (chunk) => (this.#printed += chunk));
    }
  }

  /** @returns what it printed and its exit code */
  async run(command) {
    const mark = randomUUID();
    this.#printed = '';
    this.#bash.stdin.write(`{ ${command}\n} 2>&1 </dev/null; echo "${mark} $?"\n`);
    const end = new RegExp(`${mark} (\\d+)\n`);
    const giveUpAt = Date.now() + COMMAND_TIMEOUT_MS;
    for (;;) {
      const found = end.exec(this.#printed);
      if (found) return { printed: this.#printed.slice(0, found.index), code: Number(found[1]) };
      if (Date.now() > giveUpAt) throw new Error(`no end after ${COMMAND_TIMEOUT_MS / 1000} s`);
      await sleep(20);
    }
  }

  static startsServer(command) {
    return STARTS_SERVER.test(command);
  }

  /** Starts what serves, in place of whatever server this page had. @param {(log: string) => boolean} isUp */
  async serve(command, isUp) {
    const isOurs = !command.includes('http.server');
    if (isOurs) await this.stopServers((server) => server.isOurs);
    const server = spawn('bash', ['--norc', '--noprofile', '-c', command], {
      ...this.#options,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let log = '';
    let ended = false;
    server.on('exit', () => (ended = true));
    for (const stream of [server.stdout, server.stderr]) stream.on('data', (chunk) => (log += chunk));
    this.#servers.push(Object.assign(server, { isOurs }));
    const giveUpAt = Date.now() + START_TIMEOUT_MS;
    // It says nothing for so long as nobody reads from a terminal.
    if (!isOurs) return (await sleep(3000), log);
    while (!ended && !isUp(log) && Date.now() < giveUpAt) await sleep(50);
    return log;
  }

  async stopServers(which = () => true) {
    const ending = this.#servers.filter(which);
    this.#servers = this.#servers.filter((server) => !ending.includes(server));
    for (const server of ending) await endGroup(server);
  }

  async close() {
    await this.stopServers();
    await endGroup(this.#bash);
    this.#forget();
  }
}

/** With all that it has started. */
async function endGroup(child) {
  const exited =
    child.exitCode === null && child.signalCode === null && new Promise((resolve) => child.once('exit', resolve));
  for (const signal of ['SIGTERM', 'SIGKILL']) {
    if (!signalGroup(child, signal)) return;
    await Promise.race([exited, sleep(10_000)]);
  }
}

/** @returns whether there was any */
function signalGroup(child, signal) {
  try {
    return process.kill(-child.pid, signal);
  } catch {
    return false;
  }
}
