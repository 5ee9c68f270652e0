// The real server on a copy of the bundled models, and its clients.
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, get, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EyrieServer } from '../eyrie-server.mjs';
import { root } from '../prepare.mjs';
import { randomPng } from '../random-png.mjs';

export const MODEL = 'resnet-cifar10';
/** So few that a check can fill the queue, and in batches so small that it stays full. */
const RUNTIME = { maxQueue: 16, maxBatch: 2 };

const GUARD = {
  variant: 'canary',
  window_s: 60,
  min_requests: 1_000_000,
  max_error_rate: 0.5,
  max_p95_ratio: 1000,
  max_disagreement: 1,
  steps: [50, 100],
  step_s: 3600,
};
/** Not version 3, which is version 2 in int8: on random pixels the two always agree, and a canary should be able to disagree. */
const CANARY = 1;
const POLICY = {
  aliases: { champion: 2 },
  default: 'champion',
  variants: [
    { name: 'control', version: 2, weight: 50 },
    { name: 'canary', version: CANARY, weight: 50 },
  ],
  shadows: [{ version: CANARY, percent: 100 }],
  guard: GUARD,
};

export class Server {
  agent = new Agent({ keepAlive: true, maxSockets: 128 });
  revision = 0;

  constructor(folder, port) {
    this.port = port;
    this.registry = join(folder, 'registry');
    cpSync(join(root, 'model-registry', MODEL), join(this.registry, MODEL), { recursive: true });
    for (const version of [1, 2, 3]) {
      const path = join(this.registry, MODEL, String(version), 'model.json');
      const manifest = JSON.parse(readFileSync(path, 'utf8'));
      Object.assign(manifest.runtime, RUNTIME);
      writeFileSync(path, JSON.stringify(manifest));
    }
    this.writePolicy({});
  }

  /** The policy of the checks, changed by this. */
  writePolicy({ guard, ...change }) {
    const policy = { ...POLICY, ...change, guard: { ...GUARD, ...guard }, revision: ++this.revision };
    writeFileSync(join(this.registry, MODEL, 'policy.json'), JSON.stringify(policy));
  }

  /** The guard may have written one of its own. */
  seePolicy() {
    this.revision = JSON.parse(readFileSync(join(this.registry, MODEL, 'policy.json'), 'utf8')).revision;
  }

  /** A version whose file is damaged. */
  addBroken(version) {
    const folder = join(this.registry, MODEL, String(version));
    cpSync(join(this.registry, MODEL, '1'), folder, { recursive: true });
    const path = join(folder, 'model.json');
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), version }));
    writeFileSync(join(folder, 'model.onnx'), 'no model', { flag: 'a' });
  }

  remove(version) {
    rmSync(join(this.registry, MODEL, String(version)), { recursive: true });
  }

  async start() {
    const env = { LOG_LEVEL: 'error', REGISTRY_POLL_SECONDS: '1' };
    this.process = await EyrieServer.start({ registry: this.registry, port: this.port, env });
  }

  async stop() {
    await this.process?.stop();
    this.agent.destroy();
    this.agent = new Agent({ keepAlive: true, maxSockets: 128 });
  }

  /** Process ids of its workers. */
  get workers() {
    const { pid } = this.process;
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  }

  /** @returns the status, 0 where there was none */
  send(method, path, body, headers = {}) {
    return new Promise((resolve) => {
      const options = { host: '127.0.0.1', port: this.port, agent: this.agent, method, path, headers };
      const sent = request(options, (answer) => answer.resume().once('close', () => resolve(answer.statusCode)));
      sent.once('error', () => resolve(0));
      sent.end(body);
    });
  }

  /** Workers of all versions that are ready. */
  async readyWorkers() {
    const counts = (await this.metrics()).matchAll(/^inference_workers\{.*state="ready"\} (\d+)$/gm);
    return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
  }

  metrics() {
    return new Promise((resolve, reject) => {
      // A connection of its own: one that was kept may belong to the server before a restart.
      get({ host: '127.0.0.1', port: this.port, path: '/metrics', agent: false }, (answer) => {
        let text = '';
        answer.on('data', (chunk) => (text += chunk)).once('end', () => resolve(text));
      }).once('error', reject);
    });
  }

  /** So many clients that ask for predictions, one after the other. @returns how to make them stop */
  load(clients, path = '/v1/predict') {
    let on = true;
    const statuses = {};
    const client = async () => {
      while (on) {
        const status = await this.send('POST', path, await randomPng(), { 'Content-Type': 'image/png' });
        statuses[status] = (statuses[status] ?? 0) + 1;
        if (status !== 200) await sleep(status === 0 ? 500 : 20);
      }
    };
    const all = Array.from({ length: clients }, client);
    return async () => {
      on = false;
      await Promise.all(all);
      return statuses;
    };
  }
}
