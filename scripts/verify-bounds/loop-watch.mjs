// Preloaded into the server: writes down every turn of its event loop that was long. It has a file for it, since a
// server that is stuck answers nobody.
import { openSync, readSync, writeSync } from 'node:fs';
import { threadId } from 'node:worker_threads';

const TICK_MS = 5;
const WORTH_WRITING_MS = 10;

const { LOOP_WATCH_FILE } = process.env;
if (LOOP_WATCH_FILE && threadId === 0) watch(openSync(LOOP_WATCH_FILE, 'a'), openSchedstat());

function watch(file, schedstat) {
  let last = performance.now();
  let lastOwn = ownMs(schedstat);
  const tick = () => {
    const now = performance.now();
    const own = ownMs(schedstat);
    const late = now - last - TICK_MS;
    // A turn that waits for the disk or a lock takes no processor time; how late it was says the other column.
    if (late > WORTH_WRITING_MS) writeSync(file, `${late.toFixed(1)} ${Math.min(late, own - lastOwn).toFixed(1)}\n`);
    last = performance.now();
    lastOwn = own;
  };
  setInterval(tick, TICK_MS).unref();
}

/** Of the main thread: proc(5), /proc/PID/task/TID/schedstat, whose first figure is the time on a processor in ns. */
function openSchedstat() {
  try {
    return openSync(`/proc/self/task/${process.pid}/schedstat`);
  } catch {
    return undefined;
  }
}

function ownMs(schedstat) {
  if (schedstat === undefined) return performance.now();
  const buffer = Buffer.alloc(64);
  const length = readSync(schedstat, buffer, 0, buffer.length, 0);
  return Number(buffer.toString('latin1', 0, length).split(' ')[0]) / 1e6;
}
