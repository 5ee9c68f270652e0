// A stand-in for Docker Hub's node:<version>-bookworm-slim, made from Debian and from npm, for machines that reach no
// container registry: Debian bookworm, Node's own binary and npm, at the paths where the real image has them.
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../prepare.mjs';
import { buildah, CACHE, run } from './tools.mjs';

const NPM_VERSION = '11.19.1';
const DEBIAN = [
  'deb http://deb.debian.org/debian bookworm main',
  'deb http://deb.debian.org/debian-security bookworm-security main',
];
/** What the real image leaves out, too. */
const NOT_IN_SLIM = ['/usr/share/doc/*', '/usr/share/man/*', '/usr/share/locale/*', '/usr/share/info/*'];

/** The Node version that the Dockerfile asks for. */
export function nodeVersion() {
  const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');
  const [, version] = /^FROM .*\bnode:(\d+\.\d+\.\d+)-bookworm-slim\b/m.exec(dockerfile) ?? [];
  if (!version) throw new Error('the Dockerfile has no line FROM node:x.y.z-bookworm-slim');
  return version;
}

/**
 * Makes it, unless it is in this machine's store.
 * @returns its name, under which FROM finds it
 */
export async function baseImage() {
  const version = nodeVersion();
  const name = `docker.io/library/node:${version}-bookworm-slim`;
  const there = await buildah('images', '--quiet', name).catch(() => '');
  if (there) return name;
  console.log(`making ${name}`);
  const files = join(CACHE, 'debian-bookworm.tar');
  if (!existsSync(files)) await debootstrap(files);
  const node = await unpack(`node-linux-${process.arch}@${version}`);
  const npm = await unpack(`npm@${NPM_VERSION}`);

  const container = await buildah('from', 'scratch');
  await buildah('add', '--quiet', container, files, '/');
  const tree = await buildah('mount', container);
  const local = join(tree, 'usr/local');
  cpSync(join(node, 'bin/node'), join(local, 'bin/node'));
  chmodSync(join(local, 'bin/node'), 0o755);
  cpSync(npm, join(local, 'lib/node_modules/npm'), { recursive: true });
  for (const tool of ['npm', 'npx']) {
    symlinkSync(`../lib/node_modules/npm/bin/${tool}-cli.js`, join(local, 'bin', tool));
  }
  await buildah('umount', container);
  const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  await buildah(...['config', '--env', path, '--env', `NODE_VERSION=${version}`, '--cmd', '["node"]', container]);
  await buildah('commit', '--quiet', '--format', 'docker', '--rm', container, name);
  return name;
}

async function debootstrap(target) {
  const without = NOT_IN_SLIM.flatMap((path) => ['--dpkgopt', `path-exclude=${path}`]);
  const options = ['--mode=root', '--variant=minbase', '--quiet', ...without];
  const partial = `${target}.partial.tar`;
  await run('mmdebstrap', [...options, 'bookworm', partial, ...DEBIAN]);
  await run('mv', [partial, target]);
}

/** Downloads a package from npm. @returns the folder with its files */
async function unpack(name) {
  const folder = join(CACHE, name);
  if (existsSync(folder)) return folder;
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  const archive = await run('npm', ['pack', '--silent', '--pack-destination', partial, name], { cwd: CACHE });
  await run('tar', ['-xzf', join(partial, archive), '--strip-components=1', '-C', partial]);
  rmSync(join(partial, archive));
  await run('mv', [partial, folder]);
  return folder;
}
