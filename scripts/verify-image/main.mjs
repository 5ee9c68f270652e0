// `npm run verify:image`: builds the Dockerfile with buildah, runs the image with podman as docs/DEPLOYMENT.md advises, and
// holds it to what that page promises. For Debian and its kin on amd64 or arm64, as root. Needs Debian's mirrors and npm's registry.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../prepare.mjs';
import { baseImage } from './base-image.mjs';
import { build, buildForOther } from './build.mjs';
import { Container, UNCACHED } from './container.mjs';
import { count } from './promise.mjs';
import { allocator } from './promises/allocator.mjs';
import { security, untouched } from './promises/confinement.mjs';
import { contents } from './promises/contents.mjs';
import { health, rolling, terminated } from './promises/lifecycle.mjs';
import { serving } from './promises/serving.mjs';
import { OTHER, prepareTools, tidy } from './tools.mjs';

const VERSION = '9.8.7-verify';
const [BUILT, NEXT] = ['verify', 'verify-next'].map((tag) => ({
  image: nameOf(tag),
  version: VERSION,
  commit: randomBytes(20).toString('hex'),
}));
const OTHERS = nameOf(`verify-${OTHER}`);
const SHIP = {
  path: '/v1/models/resnet-cifar10/versions/1/predict',
  body: readFileSync(join(root, 'samples/ship.png')),
  type: 'image/png',
  label: 'ship',
};

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void end(`interrupted by ${signal}`));
try {
  prepareTools();
  await verify();
  await end();
} catch (error) {
  await end(error.message);
}

async function verify() {
  const base = await baseImage();
  for (const { image, version, commit } of [BUILT, NEXT]) {
    console.log(`building ${image}`);
    await build(image, '--build-arg', `VERSION=${version}`, '--build-arg', `COMMIT=${commit}`);
  }
  console.log(`building ${OTHERS}`);
  await buildForOther(OTHERS);

  await contents({ image: BUILT.image, base, other: OTHERS });
  const container = await (await Container.start(BUILT.image, { env: UNCACHED })).ready();
  await security(container, BUILT.image);
  await serving(container, SHIP, BUILT);
  await allocator(container);
  await terminated(container, SHIP);
  await container.remove();
  await health(BUILT.image);
  await untouched(BUILT.image, SHIP);
  await rolling(BUILT, NEXT, SHIP);

  console.log(`${count.passed} passed, ${count.failed} failed`);
  console.log(`not checked:
- the image on ${OTHER}: its files were looked at, but not run; run this on such a machine
- Docker, and the base image of Docker Hub: buildah, podman and a base made of Debian's and npm's packages stood in
- known vulnerabilities in Debian's and npm's packages`);
}

/** Leaves no container, no mount and no name of an image behind. */
async function end(problem) {
  if (problem) console.error(`cannot verify the image: ${problem}`);
  await Container.removeAll();
  await tidy(BUILT.image, NEXT.image, OTHERS);
  process.exit(problem || count.failed > 0 || count.passed === 0 ? 1 : 0);
}

/** Several runs at once share a store, but no names. */
function nameOf(tag) {
  return `localhost/eyrie:${tag}-${process.pid}`;
}
