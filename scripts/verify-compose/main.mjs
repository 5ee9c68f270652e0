// `npm run verify:compose`: docker-compose.yml with a real Docker Compose and a Docker daemon of its own, looked at as a user
// would. For Debian and its kin on amd64, as root. Needs Go and its module proxy, Debian's mirrors and npm's registry.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { prepareTools } from '../verify-image/tools.mjs';
import { Daemon } from './daemon.mjs';
import { preparePlugins } from './plugins.mjs';
import { LEFT_OUT, standIns } from './stand-ins.mjs';

const INSIDE = join(dirname(fileURLToPath(import.meta.url)), 'promises.mjs');

const daemon = new Daemon();
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void interrupted(signal));
try {
  prepareTools({ dockerd: 'docker.io', slirp4netns: 'slirp4netns', iptables: 'iptables' });
  await daemon.start();
  console.log(await preparePlugins((...args) => daemon.docker(...args)));
  await standIns(daemon);
  process.exitCode = await daemon.node(INSIDE);
  console.log(`not checked:
- ${LEFT_OUT.join(', ')}: no package of it is to be had without a registry of images
- the images of Docker Hub: Redis of Debian, Prometheus compiled without its pages, and a base of Debian's and npm's packages stood in`);
} catch (error) {
  console.error(`cannot verify docker-compose.yml: ${error.message}`);
  process.exitCode = 1;
} finally {
  await daemon.stop();
}

/** The promises take their containers away first, and then this goes on where it waits for them. */
async function interrupted(signal) {
  if (daemon.inside) return daemon.inside.kill(signal);
  await daemon.stop();
  process.exit(1);
}
