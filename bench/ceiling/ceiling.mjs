// The most that the machine gives with the worker's code: decode, preprocess and run, without HTTP and without a queue.
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

const RUNNER = fileURLToPath(new URL('./runner.mjs', import.meta.url));

/** One process with all threads is what a single program can do; a process per core what several can. */
export function ceilingSettings(cpus = availableParallelism()) {
  const splits = cpus === 1 ? [[1, 1]] : [[1, cpus], [cpus, 1]]; // prettier-ignore
  return splits.flatMap(([processes, threads]) => [1, 4, 8].map((batch) => ({ processes, threads, batch })));
}

export function describeSetting({ processes, threads, batch }) {
  return `${processes} process${processes === 1 ? '' : 'es'} × ${threads} thread${threads === 1 ? '' : 's'}, batch ${batch}`;
}

/**
 * What one setting gives, all of its processes together: images per second, and CPU time per image in milliseconds.
 * @param {{ spec: object, image: { type: string, bytes: Buffer } }} what `spec` is a ClassifierSpec, with `modelPath` and `sha256` beside it
 * @param {{ processes: number, threads: number, batch: number }} setting
 * @param {{ warmUpSeconds: number, seconds: number }} time
 */
export async function throughputOf(what, setting, time) {
  const results = await withRunners(what, setting, (ask) => ask({ task: 'throughput', batch: setting.batch, ...time }));
  const imagesPerSecond = results.reduce((sum, result) => sum + result.imagesPerSecond, 0);
  const cpuMs = results.reduce((sum, result) => sum + result.cpuMs * result.imagesPerSecond, 0) / imagesPerSecond;
  return { imagesPerSecond, cpuMs };
}

/** Milliseconds from the bytes of an image to its scores, with nothing else going on; the median. */
export async function aloneMs(what, threads, seconds) {
  const setting = { processes: 1, threads, batch: 1 };
  const [{ aloneMs: ms }] = await withRunners(what, setting, (ask) => ask({ task: 'alone', seconds }));
  return ms;
}

/** The best of all settings. @returns {Promise<{ setting: object, imagesPerSecond: number, cpuMs: number, all: object[] }>} */
export async function bestSetting(what, time, settings = ceilingSettings()) {
  const all = [];
  for (const setting of settings) all.push({ setting, ...(await throughputOf(what, setting, time)) });
  const best = all.reduce((a, b) => (b.imagesPerSecond > a.imagesPerSecond ? b : a));
  return { ...best, all };
}

async function withRunners({ spec, image }, { processes, threads, batch }, work) {
  const runners = Array.from({ length: processes }, () => new Runner());
  try {
    const load = { task: 'load', spec, type: image.type, image: image.bytes, threads, batch };
    await Promise.all(runners.map((runner) => runner.ask(load)));
    return await Promise.all(runners.map((runner) => work((message) => runner.ask(message))));
  } finally {
    for (const runner of runners) runner.end();
  }
}

class Runner {
  #child = fork(RUNNER, [], { serialization: 'advanced', stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });

  ask(message) {
    return new Promise((resolve, reject) => {
      const lost = (code) => reject(new Error(`the measuring process ended with ${code}`));
      this.#child.once('exit', lost);
      this.#child.once('message', (answer) => {
        this.#child.off('exit', lost);
        if (answer.ok) resolve(answer);
        else reject(new Error(answer.detail));
      });
      this.#child.send(message);
    });
  }

  end() {
    if (this.#child.connected) this.#child.disconnect();
  }
}
