import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { EyrieServer } from '../eyrie-server.mjs';
import { root } from '../prepare.mjs';
import { PICTURES, predict } from './clients.mjs';

const KEY = 'a-key-for-this-run-alone';
const EYRIE = join(root, 'dist/apps/cli/src/main.js');
const PATIENCE_MS = 180_000;

/** The built server on a free port, without a cache: answers out of it would tell the guard nothing. */
export async function startServer(registry) {
  return new RunningServer(
    await EyrieServer.start({
      registry,
      env: {
        LOG_LEVEL: 'error',
        ADMIN_API_KEYS: `walk:${createHash('sha256').update(KEY).digest('hex')}`,
        CACHE_MAX_BYTES: '0',
      },
    }),
  );
}

class RunningServer {
  seen = new Set();

  constructor(process) {
    this.process = process;
    this.url = process.url;
  }

  /** The command line, on this server. */
  async eyrie(...args) {
    console.log(`$ ./eyrie ${args.join(' ')}`);
    const env = { ...process.env, EYRIE_SERVER: this.url, EYRIE_KEY: KEY };
    await promisify(execFile)(process.execPath, [EYRIE, ...args.map(String)], { env });
  }

  async call(method, path, body, headers = {}) {
    const response = await fetch(this.url + path, {
      method,
      body: body && JSON.stringify(body),
      headers: { Authorization: `Bearer ${KEY}`, ...(body && { 'Content-Type': 'application/json' }), ...headers },
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} → ${response.status} ${text}`);
    return JSON.parse(text);
  }

  async predict() {
    return (await predict(this.url, PICTURES[0], 'someone')).json();
  }

  /** The next event of a type that has not been seen yet. */
  event(model, type) {
    return this.until(`there is an event ${type}`, async () => {
      const { events } = await this.call('GET', `/v1/models/${model}/events`);
      const event = events.find((each) => each.type === type && !this.seen.has(`${each.at} ${type}`));
      if (event) this.seen.add(`${event.at} ${type}`);
      return event;
    });
  }

  async until(what, look) {
    const giveUpAt = performance.now() + PATIENCE_MS;
    for (;;) {
      const found = await look().catch(() => undefined);
      if (found) return found;
      if (performance.now() > giveUpAt) throw new Error(`waited ${PATIENCE_MS / 1000} s in vain until ${what}`);
      await sleep(200);
    }
  }

  /** @returns the exit code, or the signal that ended it */
  stop() {
    return this.process.stop();
  }
}
