// Uploads at a rate that does not depend on how they are answered.
import autocannon from 'autocannon';
import { setTimeout as sleep } from 'node:timers/promises';
import { serialBodies } from './closed-loop.mjs';

const TIMEOUT_SECONDS = 60;
/** autocannon's rates are per second and connection. */
const PERIOD_MS = 1000;
/** Groups of connections start one after the other, so that arrivals are spread over the second. */
const GROUPS = 25;
/** autocannon ends a run at its next sample, and then sums up; a machine that has no time left must not hold us up. */
const STOP_MS = 10_000;

/**
 * autocannon's own rate control sends each second's uploads in a burst. So each connection sends at most one upload a second, and none while it waits for an answer; so there are as many
 * connections as it takes to reach the rate, and more as soon as the rate that is really sent falls short.
 */
export class Arrivals {
  /** Of the time between `begin` and `end`: one entry for each answer. */
  answers = [];
  /** Uploads of that time, and those that broke off. */
  sent = 0;
  broken = 0;
  connections = 0;
  #counting = false;
  /** When each upload that waits for its answer was sent. */
  #waiting = new Map();
  #sentThisSecond = 0;
  #runs = [];
  #stopped = false;
  #keeper;

  /**
   * @param {{ url: string, upload: import('../inputs/upload.mjs').Upload, rate: number }} load `rate` in uploads per
   *   second
   */
  constructor({ url, upload, rate }) {
    this.url = url;
    this.rate = rate;
    this.upload = upload;
    this.giveBody = serialBodies(upload);
  }

  /** Resolves when all connections that the rate takes without any waiting are there. */
  async start() {
    const began = performance.now();
    for (let i = 0; i < GROUPS; i++) {
      await sleep(Math.max(0, began + (i * PERIOD_MS) / GROUPS - performance.now()));
      this.#add(Math.floor(this.rate / GROUPS) + (i < this.rate % GROUPS ? 1 : 0));
    }
    this.#keeper = this.#keepRate();
  }

  begin() {
    this.#counting = true;
  }

  end() {
    this.#counting = false;
  }

  /** How long each of those has waited that wait for their answers now. */
  waitingMs() {
    return [...this.#waiting.values()].map((sentAt) => performance.now() - sentAt);
  }

  async stop() {
    this.#stopped = true;
    await this.#keeper;
    for (const run of this.#runs) run.stop();
    await Promise.race([Promise.all(this.#runs), sleep(STOP_MS, undefined, { ref: false })]);
  }

  async #keepRate() {
    for (;;) {
      this.#sentThisSecond = 0;
      await sleep(PERIOD_MS);
      if (this.#stopped) return;
      const missing = Math.round(this.rate - this.#sentThisSecond);
      if (missing > this.rate * 0.02) this.#add(missing);
    }
  }

  #add(connections) {
    if (connections === 0) return;
    this.connections += connections;
    const run = autocannon({
      url: this.url,
      method: 'POST',
      headers: this.upload.headers,
      connections,
      connectionRate: 1,
      ignoreCoordinatedOmission: true,
      // Stopped by hand; this is for the case that it fails.
      duration: 24 * 3600,
      timeout: TIMEOUT_SECONDS,
      sampleInt: 100,
      setupClient: (client) => this.#setUp(client),
    });
    run.on('response', (client, status, _bytes, ms) => {
      this.#waiting.delete(client);
      if (this.#counting) this.answers.push({ status, ms, retryAfter: client.eyrieRetryAfter });
    });
    run.on('reqError', () => {
      if (this.#counting) this.broken++;
    });
    this.#runs.push(run);
  }

  #setUp(client) {
    this.giveBody(client);
    client.on('request', () => {
      this.#sentThisSecond++;
      this.#waiting.set(client, performance.now());
      if (this.#counting) this.sent++;
    });
    client.on('headers', ({ headers }) => {
      const at = headers.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === 'retry-after');
      client.eyrieRetryAfter = at < 0 ? undefined : Number(headers[at + 1]);
    });
  }
}
