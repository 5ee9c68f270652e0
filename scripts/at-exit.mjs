import process from 'node:process';

const tasks = new Set();

/**
 * Has `task` done when this process ends, however it ends: no server may be left behind. It must be synchronous.
 * @returns a function that takes it back
 */
export function atExit(task) {
  tasks.add(task);
  return () => tasks.delete(task);
}

process.on('exit', () => {
  for (const task of tasks) task();
});
// Whoever has a handler of their own ends this process when they are done.
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
]) {
  process.once(signal, () => process.listenerCount(signal) === 0 && process.exit(code));
}
