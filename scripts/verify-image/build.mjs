import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../prepare.mjs';
import { buildah, CACHE, podman, run } from './tools.mjs';

/**
 * Builds the Dockerfile of this working tree.
 * @param name what the image is called
 * @param options more arguments of `buildah build`
 */
export async function build(name, ...options) {
  await buildah(
    ...['build', '--isolation', 'chroot', '--pull-never', '--format', 'docker', '--layers'],
    ...(await trustThisMachinesAuthorities()),
    ...options,
    ...['--tag', name, root],
  );
}

/** The same for arm64. What the Dockerfile does on the builder's own platform runs as it is, the rest emulated. */
export async function buildArm64(name, ...options) {
  // buildah 1.28, Debian's, leaves BUILDPLATFORM empty in FROM and then takes the target's platform there; and once a stage
  // has named one, it takes that one for the stages after it, too. So each is named here.
  const ofTarget = /^FROM (?=node:)/gm;
  const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');
  const stages = dockerfile.match(ofTarget)?.length ?? 0;
  if (stages !== 1) throw new Error(`${stages} stages of the Dockerfile are of the target's platform, not one`);
  const file = join(CACHE, `Dockerfile-arm64-${process.pid}`);
  writeFileSync(file, dockerfile.replace(ofTarget, 'FROM --platform=linux/arm64 '));
  try {
    const platforms = ['--platform', 'linux/arm64', '--build-arg', 'BUILDPLATFORM=linux/amd64'];
    await build(name, ...platforms, '--file', file, ...options);
  } finally {
    rmSync(file);
  }
}

/** Bytes of all layers of an image. */
export async function sizeOf(name) {
  return Number(await podman('image', 'inspect', '--format', '{{.Size}}', name));
}

/** Where npm is told to trust authorities of its own (`cafile`), the npm inside the build must trust them, too. */
async function trustThisMachinesAuthorities() {
  const cafile = await run('npm', ['config', 'get', 'cafile'], { cwd: CACHE });
  if (!existsSync(cafile)) return [];
  const npmrc = join(CACHE, 'npmrc');
  writeFileSync(npmrc, 'cafile=/run/authorities.crt\n');
  return ['--volume', `${cafile}:/run/authorities.crt:ro`, '--volume', `${npmrc}:/usr/local/etc/npmrc:ro`];
}
