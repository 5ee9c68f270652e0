import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../prepare.mjs';
import { Container, HARDENED } from '../container.mjs';
import { demand, promise } from '../promise.mjs';

const SAMPLES = { 'ship.png': 'image/png', 'cat.jpg': 'image/jpeg', 'bird.webp': 'image/webp' };
const LARGEST_DIFFERENCE = 0.001;
/** The last of a flag given twice holds: qemu keeps what it has translated, 150 MB for each process. */
const FLAGS = [...HARDENED, '--memory', '4g'];
/** Emulated, everything takes 20 to 100 times as long. */
const PATIENCE = { env: { REQUEST_TIMEOUT_MS: '120000' }, seconds: 600, healthChecks: 5 };

/** The image for arm64, run by qemu: does what the one for amd64 does. @param amd64 a running container of that */
export async function arm64(image, amd64) {
  await promise('built for arm64, it starts, predicts what it predicts on amd64, is healthy and stops', async () => {
    const server = await Container.start(image, { env: PATIENCE.env, flags: FLAGS });
    try {
      const begun = performance.now();
      await server.ready(PATIENCE.seconds);
      const seconds = (performance.now() - begun) / 1000;
      const machine = await server.sh('uname -m');
      demand(machine === 'aarch64', `it runs on ${machine}`);
      let largest = 0;
      for (const [file, type] of Object.entries(SAMPLES)) {
        largest = Math.max(largest, difference(file, await ask(amd64, file, type), await ask(server, file, type)));
      }
      await healthy(server);
      await server.signal('TERM');
      const code = await server.exited();
      demand(code === 0, `it exited with ${code} after SIGTERM`);
      const samples = Object.keys(SAMPLES).join(', ');
      return `ready after ${seconds.toFixed(0)} s under qemu; ${samples}: probabilities within ${largest.toExponential(0)}`;
    } finally {
      await server.remove();
    }
  });
}

async function ask(server, file, type) {
  const body = readFileSync(join(root, 'samples', file));
  const answer = await fetch(`${server.url}/v1/predict`, { method: 'POST', headers: { 'content-type': type }, body });
  const { predictions, ...rest } = await answer.json();
  demand(answer.status === 200, `${file}: ${answer.status} ${JSON.stringify(rest)}`);
  return predictions;
}

/** @throws when the first labels differ, or a probability by too much; @returns the largest difference */
function difference(file, expected, found) {
  demand(expected[0].label === found[0].label, `${file} is a ${expected[0].label}, but on arm64 a ${found[0].label}`);
  const differences = expected.map(({ label, confidence }) => {
    const other = found.find((prediction) => prediction.label === label);
    return other ? Math.abs(confidence - other.confidence) : 1;
  });
  const largest = Math.max(...differences);
  const both = `${JSON.stringify(expected)}, but on arm64 ${JSON.stringify(found)}`;
  demand(largest <= LARGEST_DIFFERENCE, `${file}: ${both}`);
  return largest;
}

/** Starting Node alone takes seconds, and the check has five: on a busy machine the first may fail. */
async function healthy(server) {
  let code;
  for (let i = 0; i < PATIENCE.healthChecks; i++) {
    code = await server.checkHealth();
    if (code === 0) return;
  }
  demand(false, `the health check exits with ${code}`);
}
