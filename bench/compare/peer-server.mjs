import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { atExit } from '../../scripts/at-exit.mjs';
import { freePorts } from '../../scripts/free-ports.mjs';
import { root } from '../../scripts/prepare.mjs';

/** The folder with a folder for each. */
export const PEERS = join(root, 'bench/peers');
const START_TIMEOUT_MS = 180_000;
const STOP_TIMEOUT_MS = 20_000;

/** A peer that runs, with all processes that it has started. */
export class PeerServer {
  #child;
  #forget;

  constructor(child, url, readyMs) {
    this.#child = child;
    this.url = url;
    this.readyMs = readyMs;
    this.#forget = atExit(() => signalGroup(child.pid, 'SIGKILL'));
  }

  get pid() {
    return this.#child.pid;
  }

  /**
   * @param {object} peer see peer.json of one, with `venv` and `folder`
   * @param {{ folder: string }} subject
   * @param {{ cpus: number, pinnedTo?: string[] }} options
   * @throws Error with the last line of its log, if it does not start
   */
  static async start(peer, subject, { cpus, pinnedTo }) {
    const [port, port2, port3, port4, port5] = await freePorts(5);
    const values = { port, port2, port3, port4, port5, cpus, venv: peer.venv };
    const fill = (text) => text.replace(/\{(\w+)\}/g, (_, key) => String(values[key]));
    const env = Object.fromEntries(Object.entries(peer.env ?? {}).map(([key, value]) => [key, fill(value)]));
    const [program, ...args] = [...pinned(pinnedTo), ...peer.command.map(fill)];
    mkdirSync(join(peer.venv, 'log'), { recursive: true });
    const logFile = join(peer.venv, 'log', 'server.log');
    const log = createWriteStream(logFile);
    await new Promise((resolve) => log.once('open', resolve));
    const started = performance.now();
    const child = spawn(program, args, {
      cwd: peer.folder,
      env: {
        ...process.env,
        PATH: `${join(peer.venv, 'bin')}:${process.env.PATH}`,
        VIRTUAL_ENV: peer.venv,
        PYTHONPATH: join(PEERS, 'lib'),
        PYTHONUNBUFFERED: '1',
        MODEL_FOLDER: subject.folder,
        ...(peer.threads && { MODEL_THREADS: String(peer.threads) }),
        CPUS: String(cpus),
        PORT: String(port),
        ...env,
      },
      stdio: ['ignore', log, log],
      // A group of its own: what it starts can be stopped with it.
      detached: true,
    });
    log.end();
    child.once('error', () => undefined);
    const server = new PeerServer(child, `http://127.0.0.1:${port}${peer.predict}`, 0);
    try {
      await untilReady(child, `http://127.0.0.1:${port}${peer.ready}`, logFile);
    } catch (error) {
      await server.stop();
      throw error;
    }
    server.readyMs = performance.now() - started;
    return server;
  }

  /** Ends it and all that belongs to it. */
  async stop() {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGKILL']) {
      if (!signalGroup(this.pid, signal)) break;
      const giveUpAt = performance.now() + STOP_TIMEOUT_MS;
      while (performance.now() < giveUpAt) {
        if (!signalGroup(this.pid, 0)) break;
        await sleep(50);
      }
    }
    this.#forget();
  }
}

/** What ties a command to some cores. */
export function pinned(cores) {
  return cores ? ['taskset', '-c', cores.join(',')] : [];
}

/** Whether there was anybody to signal. */
function signalGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    return false;
  }
}

async function untilReady(child, url, logFile) {
  const giveUpAt = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < giveUpAt) {
    if (child.exitCode !== null || child.pid === undefined) {
      throw new Error(`it does not start: ${lastLine(logFile)}`);
    }
    const answer = await fetch(url, { signal: AbortSignal.timeout(2000) }).catch(() => null);
    await answer?.arrayBuffer().catch(() => null);
    if (answer?.ok) return;
    await sleep(50);
  }
  throw new Error(`it was not ready after ${START_TIMEOUT_MS / 1000} s: ${lastLine(logFile)}`);
}

function lastLine(file) {
  return readFileSync(file, 'utf8').trim().split('\n').at(-1) || 'it said nothing';
}
