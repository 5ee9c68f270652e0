import { readdirSync, readFileSync } from 'node:fs';
import { demand, promise } from '../promise.mjs';

/** The loader goes on without a library that it does not find, and jemalloc without settings that it does not know. */
export async function allocator(server) {
  await promise('runs the server and its workers with jemalloc and its background thread', async () => {
    const all = descendants(Number(await server.inspect('{{.State.Pid}}')));
    const servers = all.filter((pid) => commandOf(pid).includes('apps/server/src/main.js'));
    const workers = all.filter((pid) => commandOf(pid).includes('inference/src/worker/main.js'));
    demand(
      servers.length === 1 && workers.length > 0,
      `there are ${servers.length} servers, ${workers.length} workers`,
    );
    for (const pid of [...servers, ...workers]) {
      const maps = readFileSync(`/proc/${pid}/maps`, 'utf8');
      demand(maps.includes('/libjemalloc.so.2'), `it is not mapped by ${commandOf(pid)}`);
      demand(threadsOf(pid).includes('jemalloc_bg_thd'), `no thread gives back the memory of ${commandOf(pid)}`);
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

function threadsOf(pid) {
  return readdirSync(`/proc/${pid}/task`).map((task) => readFileSync(`/proc/${pid}/task/${task}/comm`, 'utf8').trim());
}
