import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { atExit } from './at-exit.mjs';
import { freePort } from './free-ports.mjs';
import { allocatorSettings, NODE_FLAGS } from './node-settings.mjs';
import { root } from './prepare.mjs';

const START_TIMEOUT_MS = 120_000;
const POLL_MS = 20;

/** The built server, as `npm start` runs it. Everything but what is given has its default. */
export class EyrieServer {
  #child;
  #forget;
  #stderr = '';
  #started;
  /** From the start of the process until it answers anything at all. */
  listeningMs = 0;
  /** From the start of the process until it is ready. */
  readyMs = 0;

  constructor(child, url, started) {
    this.#started = started;
    this.#child = child;
    this.url = url;
    // Its workers end with it.
    this.#forget = atExit(() => child.kill('SIGKILL'));
    child.stderr.on('data', (chunk) => (this.#stderr = (this.#stderr + chunk).slice(-2000)));
  }

  /**
   * Resolves when all that it routes to is ready.
   * @param {object} options
   * @param {string} options.registry a folder
   * @param {string} [options.model] the default model
   * @param {number} [options.port] a free one without it
   * @param {number} [options.grpcPort] no gRPC without it
   * @param {Record<string, string>} [options.env] further settings
   * @param {string[]} [options.within] a command that runs the one behind it, such as `taskset -c 0`
   * @param {string[]} [options.nodeFlags] further flags for Node
   * @throws Error with what the server said, if it does not start
   */
  static async start({ registry, model, port, grpcPort = 0, env, within = [], nodeFlags = [] }) {
    port ??= await freePort();
    const started = performance.now();
    const [program, ...args] = [
      ...within,
      process.execPath,
      ...NODE_FLAGS,
      ...nodeFlags,
      join(root, 'dist/apps/server/src/main.js'),
    ];
    const child = spawn(program, args, {
      cwd: root,
      env: {
        ...process.env,
        ...allocatorSettings({ ...process.env, ...env }),
        HOST: '127.0.0.1',
        PORT: String(port),
        GRPC_PORT: String(grpcPort),
        MODEL_REGISTRY: registry,
        ...(model && { MODEL_NAME: model }),
        ...env,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const server = new EyrieServer(child, `http://127.0.0.1:${port}`, started);
    try {
      await server.#untilReady();
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  get pid() {
    return this.#child.pid;
  }

  get isRunning() {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Images per batch since the server started: how many, in how many batches. @param {string} model */
  async batches(model) {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    const total = (name) => {
      const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) && line.includes(`model="${model}"`));
      return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
    };
    return { images: total('inference_batch_size_sum'), batches: total('inference_batch_size_count') };
  }

  /** What the server says of the model: version, runtime … */
  async info(model) {
    const response = await fetch(`${this.url}/v1/model/info?model=${encodeURIComponent(model)}`);
    const body = await response.json();
    if (!response.ok) throw new Error(body.detail);
    return body;
  }

  /** @returns the exit code, or the signal that ended it */
  async stop() {
    this.#forget();
    const child = this.#child;
    if (this.isRunning) {
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 30_000);
      await exited;
      clearTimeout(timer);
    }
    return child.exitCode ?? child.signalCode;
  }

  async #untilReady() {
    const giveUpAt = performance.now() + START_TIMEOUT_MS;
    while (performance.now() < giveUpAt) {
      if (this.#child.exitCode !== null) throw new Error(lastLine(this.#stderr) ?? 'the server ended while it started');
      const answer = await fetch(`${this.url}/health/ready`).catch(() => null);
      await answer?.arrayBuffer();
      this.readyMs = performance.now() - this.#started;
      if (answer) this.listeningMs ||= this.readyMs;
      if (answer?.ok && this.#child.exitCode === null) return;
      await sleep(POLL_MS);
    }
    throw new Error(`the server was not ready after ${START_TIMEOUT_MS / 1000} s`);
  }
}

function lastLine(text) {
  return text.trim().split('\n').at(-1) || null;
}
