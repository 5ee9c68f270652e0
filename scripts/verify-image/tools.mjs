// The programs that build and run containers, with a store of their own, so that nothing of this machine's is touched.
import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const PROGRAMS = ['buildah', 'podman', 'runc', 'mmdebstrap', 'nginx'];

/** Docker's names of this machine's platform, and of the other one that there are images for. */
export const [PLATFORM, OTHER] = { x64: ['amd64', 'arm64'], arm64: ['arm64', 'amd64'] }[process.arch] ?? [];

/** Kept between runs: the base image, npm's downloads and the layers. Several hundred MB. */
export const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'eyrie-verify-image');

// podman refuses a longer one than 50 characters.
const RUN_ROOT = `/run/eyrie-${createHash('sha256').update(CACHE).digest('hex').slice(0, 12)}`;
const STORE = ['--root', join(CACHE, 'storage'), '--runroot', RUN_ROOT];

/**
 * Removes images, 110 MB each, but not the stages that they were built from: the next run begins with those, until they are a
 * week old. Of what the store mounts for itself nothing stays.
 */
export async function tidy(...names) {
  for (const name of names) await podman('rmi', '--force', name).catch(() => undefined);
  await podman('image', 'prune', '--force', '--filter', 'until=168h').catch(() => undefined);
  // Refused as busy while another run uses the store.
  await run('umount', [join(CACHE, 'storage', 'overlay')]).catch(() => undefined);
}

/**
 * Installs from Debian what is missing. @throws when this is not root, not Debian's kin or of another platform.
 * @param more programs that are needed beside the usual ones, and the packages that have them
 */
export function prepareTools(more = {}) {
  if (!PLATFORM) throw new Error('the image is for amd64 and arm64; run this on one of them');
  if (process.getuid?.() !== 0) throw new Error('building a base image needs root; run this as root');
  mkdirSync(CACHE, { recursive: true });
  const packages = Object.entries({ ...Object.fromEntries(PROGRAMS.map((name) => [name, name])), ...more });
  const missing = packages.filter(([program]) => spawnSync('which', [program]).status !== 0).map(([, name]) => name);
  if (missing.length === 0) return;
  console.log(`installing ${missing.join(', ')}`);
  for (const args of [['update'], ['install', '--yes', '--no-install-recommends', ...missing]]) {
    const { status, stderr, error } = spawnSync('apt-get', ['-qq', ...args], { encoding: 'utf8' });
    if (status === 0) continue;
    throw new Error(`apt-get ${args[0]} failed; install ${missing.join(', ')} yourself: ${error?.message ?? stderr}`);
  }
}

/** Resolves with stdout. Rejects with the end of what the program said; `code` is its exit status. */
export function run(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    execFile(program, args, { maxBuffer: 64 * 1024 * 1024, ...options }, (error, stdout, stderr) => {
      if (!error) return resolve(stdout.trim());
      const said = `${stdout}\n${stderr}`.trim().split('\n').slice(-15).join('\n');
      reject(Object.assign(new Error(`${program} ${args.join(' ')}\n${said}`), { code: error.code }));
    });
  });
}

export function buildah(...args) {
  return run('buildah', [...STORE, ...args]);
}

// cgroupfs, and events into a file: both work without systemd as well.
export const PODMAN = [
  ...['podman', ...STORE],
  ...['--cgroup-manager', 'cgroupfs', '--runtime', 'runc', '--events-backend', 'file'],
];

export function podman(...args) {
  return run(PODMAN[0], [...PODMAN.slice(1), ...args]);
}
