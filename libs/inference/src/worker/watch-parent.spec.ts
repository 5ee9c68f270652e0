import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { WORKER_ENTRY } from '#tasks';
import { until } from '#testing/until';

const BUILT = join(WORKER_ENTRY, '../../../../inference/src/worker/watch-parent.js');

/** Blocks its main thread, as a run of a model does, from the moment on that its thread watches. */
const CHILD = `
  require(${JSON.stringify(BUILT)}).watchParent();
  setTimeout(() => {
    process.stdout.write(String(process.pid));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  }, 200);`;
const PARENT = `
  require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(CHILD)}], { stdio: 'inherit' });`;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

it('a process that is busy for ever ends soon after its parent has been killed, and not before', async () => {
  const parent = spawn(process.execPath, ['-e', PARENT], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(said.toString());
  try {
    // It looks every second.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await until(() => !isAlive(pid), 'it has ended');
  } finally {
    parent.kill('SIGKILL');
    if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  }
});
