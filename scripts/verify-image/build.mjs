import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DOCKERFILE, withoutDigests } from '../images.mjs';
import { root } from '../prepare.mjs';
import { buildah, CACHE, OTHER, PLATFORM, podman, run } from './tools.mjs';

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
    // The stand-in for the base image has its name, and another digest.
    ...['--file', withoutDigests(DOCKERFILE), '--tag', name, root],
  );
}

/**
 * The application for another platform, without the last stage, in which the programs of that platform would run: what comes before it runs on
 * this one.
 */
export function buildForOther(name) {
  const platforms = ['--platform', `linux/${OTHER}`, '--build-arg', `BUILDPLATFORM=linux/${PLATFORM}`];
  return build(name, ...platforms, '--target', 'app');
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
