// `npm run verify:image`: builds the Dockerfile with buildah, runs the image with podman as docs/DEPLOYMENT.md advises, and
// holds it to what that page promises. For Debian and its kin, as root. Needs Debian's mirrors and npm's registry.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from '../prepare.mjs';
import { baseImage } from './base-image.mjs';
import { build, sizeOf } from './build.mjs';
import { hasGo, missingMounts, readCompose } from './compose.mjs';
import { Container, UNCACHED } from './container.mjs';
import { foreignBinaries, nativeBinaries, toolsAndSources, withFiles } from './contents.mjs';
import { Load } from './load.mjs';
import { rollingUpdate } from './rolling-update.mjs';
import { podman, prepareTools } from './tools.mjs';

const MOST_ADDED_BYTES = 150_000_000;
const CLIENTS = 16;
const ROLLING_REQUESTS = 20_000;
/** Of the Dockerfile's HEALTHCHECK. */
const START_PERIOD_MS = 30_000;
const IMAGE = 'localhost/eyrie:verify';
const NEXT_IMAGE = 'localhost/eyrie:verify-next';
const ARM64_APP = 'localhost/eyrie:verify-arm64-app';
const SHIP = {
  path: '/v1/models/resnet-cifar10/versions/1/predict',
  body: readFileSync(join(root, 'samples/ship.png')),
  type: 'image/png',
  label: 'ship',
};

let passed = 0;
let failed = 0;
/** Runs one promise of the image; `hold` resolves with what to print beside it, and throws when it is broken. */
async function promise(text, hold) {
  try {
    const detail = await hold();
    console.log(`ok      ${text}${detail ? `: ${detail}` : ''}`);
    passed++;
  } catch (error) {
    console.log(`FAILED  ${text}\n        ${error.message.replaceAll('\n', '\n        ')}`);
    failed++;
  }
}

function demand(condition, otherwise) {
  if (!condition) throw new Error(otherwise);
}

/** @throws listing what should not be there */
function demandNone(found) {
  demand(found.length === 0, `${found.length} found: ${found.slice(0, 10).join(', ')}`);
}

prepareTools();
const base = await baseImage();
const version = '9.8.7-verify';
const commits = [randomBytes(20).toString('hex'), randomBytes(20).toString('hex')];
console.log(`building ${IMAGE}`);
await build(IMAGE, '--build-arg', `VERSION=${version}`, '--build-arg', `COMMIT=${commits[0]}`);
await build(NEXT_IMAGE, '--build-arg', `VERSION=${version}`, '--build-arg', `COMMIT=${commits[1]}`);
await build(ARM64_APP, '--platform', 'linux/arm64', '--target', 'app');

if (hasGo) await composeFile();
await contents();
const container = await (await Container.start(IMAGE, { env: UNCACHED })).ready();
try {
  await security(container);
  await serving(container);
  await terminated(container);
} finally {
  await container.remove();
}
await health();
await untouched();
await rolling();

console.log(`${passed} passed, ${failed} failed`);
console.log(`not checked:
- the image on arm64: its application's files were built and looked at, but not run
- Docker, and the base image of Docker Hub: buildah, podman and a base made of Debian's and npm's packages stood in
- the services of docker-compose.yml together${hasGo ? '' : ', and whether Compose can read it (that needs Go)'}
- known vulnerabilities in Debian's and npm's packages`);
process.exit(failed === 0 ? 0 : 1);

async function composeFile() {
  await promise('docker-compose.yml can be read by Compose, and what it mounts is there', async () => {
    const model = await readCompose();
    demandNone(missingMounts(model));
    return Object.keys(model.services).join(', ');
  });
}

async function contents() {
  await promise('adds at most 150 MB to its base, models included', async () => {
    const [own, under] = [await sizeOf(IMAGE), await sizeOf(base)];
    const added = own - under;
    const figures = [own, under, added].map((bytes) => (bytes / 1e6).toFixed(1));
    demand(added <= MOST_ADDED_BYTES, `it adds ${figures[2]} MB`);
    return `${figures[0]} MB − ${figures[1]} MB (base) = ${figures[2]} MB`;
  });
  await withFiles(IMAGE, async (files) => {
    await promise('has no package manager, compiler or sources', () => demandNone(toolsAndSources(files)));
    await promise('has no binary of another platform', () => demandNone(foreignBinaries(files, 'amd64')));
    await promise('has ONNX Runtime and sharp for amd64', () => nativeModules(files, 'amd64'));
  });
  await withFiles(ARM64_APP, async (files) => {
    const app = join(files, 'app');
    await promise('has no binary of another platform when built for arm64', () =>
      demandNone(foreignBinaries(app, 'arm64')),
    );
    await promise('has ONNX Runtime and sharp for arm64 when built for it', () => nativeModules(files, 'arm64'));
  });
}

function nativeModules(files, platform) {
  const binaries = nativeBinaries(join(files, 'app'), platform).map((file) => file.slice(files.length));
  for (const wanted of ['onnxruntime_binding.node', 'libonnxruntime.so', 'sharp-linux-', 'libvips-cpp.so']) {
    demand(
      binaries.some((file) => file.includes(wanted)),
      `no ${wanted} among ${binaries.join(', ')}`,
    );
  }
  return `${binaries.length} binaries`;
}

async function security(server) {
  await promise('runs as a numeric user without privileges', async () => {
    const user = await podman('image', 'inspect', '--format', '{{.Config.User}}', IMAGE);
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

async function serving(server) {
  await promise('predicts a ship', async () => {
    const answer = await fetch(`${server.url}/v1/predict`, {
      method: 'POST',
      headers: { 'content-type': SHIP.type },
      body: SHIP.body,
    });
    const { predictions, model } = await answer.json();
    demand(answer.status === 200 && predictions[0].label === 'ship', `${answer.status} ${JSON.stringify(predictions)}`);
    return `${predictions[0].confidence.toFixed(3)} by version ${model.version}`;
  });
  await promise('says at /health and in build_info what it was built from', async () => {
    const { info } = await server.json('/health');
    const { version: shown, commit } = info.server;
    demand(shown === version && commit === commits[0], `/health says version ${shown}, commit ${commit}`);
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    const line = /^build_info\{.*$/m.exec(metrics)?.[0] ?? 'nothing';
    demand(line.includes(`version="${version}",commit="${commits[0]}"`), `build_info says ${line}`);
    return line;
  });
}

async function terminated(server) {
  await promise('SIGTERM under load: exits with 0, and no accepted request fails', async () => {
    let stopping = false;
    const load = new Load({ ...SHIP, url: server.url + SHIP.path }, CLIENTS);
    const running = load.run(
      () => load.failed > 100,
      () => stopping,
    );
    while (load.answered < 400 && load.failed === 0) await sleep(50);
    const before = load.answered;
    stopping = true;
    await server.signal('TERM');
    const code = await server.exited();
    await running;
    demand(load.failed === 0, `${load.failed} failed: ${JSON.stringify([...load.failures])}`);
    demand(code === 0, `it exited with ${code}`);
    return `${load.answered} answered, ${load.answered - before} of them after SIGTERM`;
  });
}

async function health() {
  await promise('the health check tells a server that serves from one that hangs', async () => {
    const server = await Container.start(IMAGE);
    try {
      await server.ready();
      const state = () => server.inspect('{{.State.Health.Status}}');
      demand((await server.checkHealth()) === 0 && (await state()) === 'healthy', `ready, but ${await state()}`);
      // Failures do not count before that.
      await sleep(START_PERIOD_MS);
      const pid = 'cat /proc/1/task/1/children';
      await server.sh(`kill -STOP $(${pid})`);
      for (let i = 0; i < 3; i++) demand((await server.checkHealth()) !== 0, 'it passes although the server hangs');
      demand((await state()) === 'unhealthy', `the server hangs, but it is ${await state()}`);
      await server.sh(`kill -CONT $(${pid})`);
      demand(
        (await server.checkHealth()) === 0 && (await state()) === 'healthy',
        `it goes on, but is ${await state()}`,
      );
      return 'healthy → unhealthy (SIGSTOP) → healthy (SIGCONT)';
    } finally {
      await server.remove();
    }
  });
}

async function untouched() {
  await promise('writes nothing outside /tmp, even where it could', async () => {
    const server = await Container.start(IMAGE, { flags: ['--user', '0:0'] });
    try {
      await server.ready();
      await new Load({ ...SHIP, url: server.url + SHIP.path }, 4).run(
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

async function rolling() {
  await promise(
    `a rolling update behind nginx under ${CLIENTS} clients: 0 of ${ROLLING_REQUESTS} requests fail`,
    async () => {
      const {
        load,
        commits: seen,
        secondsPerContainer,
      } = await rollingUpdate(IMAGE, NEXT_IMAGE, SHIP, ROLLING_REQUESTS, CLIENTS);
      demand(load.failed === 0, `${load.failed} failed: ${JSON.stringify([...load.failures])}`);
      demand(seen[0] === commits[0] && seen[1] === commits[1], `the commits were ${seen.join(', then ')}`);
      const pauses = secondsPerContainer.map((seconds) => `${seconds.toFixed(1)} s`).join(' and ');
      return `${load.answered} answered in ${load.seconds.toFixed(0)} s; replaced after ${pauses}`;
    },
  );
}
