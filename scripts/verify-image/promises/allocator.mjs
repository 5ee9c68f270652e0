import { readFileSync } from 'node:fs';
import { demand, promise } from '../promise.mjs';

/** What each kind of process must be told of glibc's malloc. */
const SERVER = ['MALLOC_MMAP_THRESHOLD_=131072', 'MALLOC_TRIM_THRESHOLD_=131072'];
const WORKER = ['MALLOC_ARENA_MAX=1', 'MALLOC_MMAP_THRESHOLD_=4194304', 'MALLOC_TRIM_THRESHOLD_=16777216'];

/** What Node must be told. */
const SERVER_FLAG = '--max-semi-space-size=16';
const WORKER_FLAG = '--max-semi-space-size=8';

/** glibc goes on without a setting that is misspelt or gets lost on the way. */
export async function allocator(server) {
  await promise('tells Node and the allocator, of the server and of its workers, what suits them', async () => {
    const all = descendants(Number(await server.inspect('{{.State.Pid}}')));
    const servers = all.filter((pid) => commandOf(pid).includes('apps/server/src/main.js'));
    const workers = all.filter((pid) => commandOf(pid).includes('tasks/src/worker/main.js'));
    demand(
      servers.length === 1 && workers.length > 0,
      `there are ${servers.length} servers, ${workers.length} workers`,
    );
    for (const [pids, settings, flag] of [
      [servers, SERVER, SERVER_FLAG],
      [workers, WORKER, WORKER_FLAG],
    ]) {
      for (const pid of pids) {
        demand(commandOf(pid).split(' ').includes(flag), `${commandOf(pid)} lacks ${flag}`);
        const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
        const missing = settings.filter((setting) => !environment.includes(setting));
        demand(missing.length === 0, `${commandOf(pid)} lacks ${missing.join(', ')}`);
        demand(readFileSync(`/proc/${pid}/maps`, 'utf8').includes('/libc.so.6'), `${commandOf(pid)} has no glibc`);
      }
    }
    return `1 server, ${workers.length} workers`;
  });
}

function descendants(pid) {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

function commandOf(pid) {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
}
