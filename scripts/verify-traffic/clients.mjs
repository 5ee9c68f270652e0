import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../prepare.mjs';

const PICTURES = readdirSync(join(root, 'samples'))
  .filter((name) => /\.(png|jpg|webp)$/.test(name))
  .map((name) => readFileSync(join(root, 'samples', name)));

/** Clients that each send one request after the other, of users that come back. */
export class ConstantLoad {
  answered = 0;
  failures = [];
  stopping = false;
  running = [];

  constructor(url, clients) {
    this.url = url;
    this.clients = clients;
  }

  start() {
    for (let client = 0; client < this.clients; client++) this.running.push(this.run(client));
  }

  async stop() {
    this.stopping = true;
    await Promise.all(this.running);
    return { answered: this.answered, failures: this.failures };
  }

  async run(client) {
    for (let i = client; !this.stopping; i += this.clients) {
      try {
        const response = await predict(this.url, PICTURES[i % PICTURES.length], `load-${i % 1000}`);
        if (!response.ok) this.failures.push(`${response.status} ${await response.text()}`);
        else await response.arrayBuffer();
      } catch (error) {
        this.failures.push(String(error.cause ?? error));
      }
      this.answered++;
    }
  }
}

/** Which variant each of the keys `user-0`, `user-1`, … gets, in their order. */
export async function countVariants(url, keys, clients) {
  const variants = new Array(keys);
  let next = 0;
  const client = async () => {
    for (let i = next++; i < keys; i = next++) {
      const response = await predict(url, PICTURES[0], `user-${i}`);
      await response.arrayBuffer();
      variants[i] = response.headers.get('x-model-variant');
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return variants;
}

export function predict(url, picture, key) {
  return fetch(`${url}/v1/predict`, {
    method: 'POST',
    body: picture,
    headers: { 'Content-Type': 'application/octet-stream', 'X-Routing-Key': key },
  });
}

export { PICTURES };
