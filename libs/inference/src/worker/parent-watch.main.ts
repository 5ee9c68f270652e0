import { workerData } from 'node:worker_threads';

const EVERY_MS = 1_000;

// A process whose parent has gone gets another one: the system's first, or whoever takes care of orphans.
setInterval(() => {
  if (process.ppid !== workerData) process.kill(process.pid, 'SIGKILL');
}, EVERY_MS);
