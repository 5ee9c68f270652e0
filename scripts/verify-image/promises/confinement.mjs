import { readFileSync } from 'node:fs';
import { Container } from '../container.mjs';
import { Load } from '../load.mjs';
import { demand, demandNone, promise } from '../promise.mjs';
import { podman } from '../tools.mjs';

/** What a running container may do, and what it does although it could do more. */
export async function security(server, image) {
  await promise('runs as a numeric user without privileges', async () => {
    const user = await podman('image', 'inspect', '--format', '{{.Config.User}}', image);
    demand(user === '10001:10001', `its user is "${user}"`);
    const status = readFileSync(`/proc/${await server.inspect('{{.State.Pid}}')}/status`, 'utf8');
    for (const line of [/^Uid:\t10001\t10001\t10001\t10001$/m, /^CapEff:\t0+$/m, /^NoNewPrivs:\t1$/m]) {
      demand(line.test(status), `PID 1 does not have ${line}:\n${status}`);
    }
    return user;
  });
  await promise('can write to /tmp and nowhere else', async () => {
    const folders = await server.sh(
      'find / -path /proc -prune -o -path /sys -prune -o -type d -writable -print 2>/dev/null || true',
    );
    // Every container has these two, in memory and of its own.
    const beside = folders.split('\n').filter((folder) => !['/tmp', '/dev/shm', '/dev/mqueue'].includes(folder));
    demandNone(beside);
    demand(folders.split('\n').includes('/tmp'), '/tmp is not writable');
  });
  await promise('has an init as PID 1 that reaps', async () => {
    demand((await server.sh('cat /proc/1/comm')) === 'tini', 'PID 1 is not tini');
    await server.sh('(sleep 0.1 &) ; true');
    await server.sh('sleep 1');
    const states = await server.sh('cat /proc/[0-9]*/status | grep ^State');
    demand(!states.includes('zombie'), states);
  });
}

export async function untouched(image, ship) {
  await promise('writes nothing outside /tmp, even where it could', async () => {
    const server = await Container.start(image, { flags: ['--user', '0:0'] });
    try {
      await server.ready();
      await new Load({ ...ship, url: server.url + ship.path }, 4).run(
        (load) => load.answered >= 100 || load.failed > 0,
      );
      // What podman itself puts there: mount points, /etc/hosts and the like.
      const own = /^[AC] \/(etc(\/.*)?|run(\/.*)?|proc|sys|dev(\/.*)?|tmp(\/.*)?)$/;
      const changes = (await podman('diff', server.id)).split('\n').filter((line) => line && !own.test(line));
      demandNone(changes);
    } finally {
      await server.remove();
    }
  });
}
