// The images that Dockerfile and docker-compose.yml name, for machines that reach no container registry.
import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { composeFile } from './compose.mjs';
import { baseImage, nodeVersion } from '../verify-image/base-image.mjs';
import { buildah, CACHE, run } from '../verify-image/tools.mjs';
import { prometheus } from './plugins.mjs';

const DOCKERFILES = join(dirname(fileURLToPath(import.meta.url)), 'stand-ins');

/** Services of docker-compose.yml for which nothing stands in: there is no package of Grafana where one of the others is from. */
export const LEFT_OUT = ['grafana'];

/** Builds them in the daemon; what did not change since the last time, it has in its cache. */
export async function standIns(daemon) {
  const { services } = JSON.parse(
    await daemon.docker('compose', ...composeFile(), '--profile', 'redis', 'config', '--format', 'json'),
  );
  await node(daemon);
  await debian(daemon);
  await build(
    daemon,
    services.prometheus.image,
    'prometheus',
    await prometheus(services.prometheus.image.split(':')[1]),
  );
  await redisDebian(daemon);
  await build(daemon, services.redis.image, 'redis', DOCKERFILES);
}

async function build(daemon, name, standIn, context) {
  await daemon.docker('build', '--quiet', '--tag', name, '--file', join(DOCKERFILES, `${standIn}.Dockerfile`), context);
}

async function node(daemon) {
  const base = 'eyrie-verify/node';
  if (!(await has(daemon, base))) {
    const image = await baseImage();
    await withArchive(async (archive) => {
      await buildah('push', '--quiet', image, `docker-archive:${archive}:${base}`);
      await daemon.docker('load', '--quiet', '--input', archive);
    });
  }
  const context = join(CACHE, 'authorities');
  mkdirSync(context, { recursive: true });
  const cafile = await run('npm', ['config', 'get', 'cafile'], { cwd: CACHE });
  const own = existsSync(cafile);
  if (own) copyFileSync(cafile, join(context, 'authorities.crt'));
  else writeFileSync(join(context, 'authorities.crt'), '');
  writeFileSync(join(context, 'npmrc'), own ? 'cafile=/run/authorities.crt\n' : '');
  await build(daemon, `node:${nodeVersion()}-bookworm-slim`, 'node', context);
}

/** What the base image of verify:image is made of, without Node. */
async function debian(daemon) {
  const name = 'eyrie-verify/debian:bookworm';
  if (!(await has(daemon, name))) await daemon.docker('import', join(CACHE, 'debian-bookworm.tar'), name);
}

/** Debian 13 has Redis 8. */
async function redisDebian(daemon) {
  const name = 'eyrie-verify/redis-debian:trixie';
  if (await has(daemon, name)) return;
  console.log(`making ${name}`);
  await withArchive(async (archive) => {
    const source = 'deb http://deb.debian.org/debian trixie main';
    const options = ['--mode=root', '--variant=minbase', '--quiet', '--include=redis-server'];
    await run('mmdebstrap', [...options, 'trixie', archive, source]);
    await daemon.docker('import', archive, name);
  });
}

async function withArchive(use) {
  const archive = join(CACHE, 'image.partial.tar');
  rmSync(archive, { force: true });
  await use(archive);
  rmSync(archive);
}

async function has(daemon, name) {
  return Boolean(await daemon.docker('image', 'inspect', '--format', '{{.Id}}', name).catch(() => ''));
}
