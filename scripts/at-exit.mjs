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
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
