// The registry as the pods mount it: the chart's init container on a volume, with the policy in a ConfigMap's layout of
// symbolic links, and then the real server on what it made.
import { spawn, spawnSync } from 'node:child_process';
import assert from 'node:assert/strict';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EyrieServer } from '../eyrie-server.mjs';
import { freePort } from '../free-ports.mjs';
import { prepare, root } from '../prepare.mjs';

const MODEL = 'resnet-cifar10';
const BUNDLED = join(root, 'model-registry');
const SEED = join(root, 'helm/eyrie/files/seed-registry.mjs');
const CLI = join(root, 'dist/apps/cli/src/main.js');
const SPLIT = {
  revision: 1,
  aliases: { champion: 2, challenger: 3 },
  default: 'champion',
  variants: [
    { name: 'control', version: 'champion', weight: 75 },
    { name: 'canary', version: 'challenger', weight: 25 },
  ],
};

/** @returns what was seen to hold, a line each */
export async function checkRegistryVolume() {
  prepare();
  const folder = mkdtempSync(join(tmpdir(), 'eyrie-volume-'));
  try {
    return [
      await seedsAndServes(folder),
      seedsOnceUnderRace(folder),
      leavesTheDefaultAsItWas(folder),
      ...refusals(folder),
      await servesMountedPolicy(folder),
      await leavesEmptyVolume(folder),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function seedsAndServes(folder) {
  const registry = join(folder, 'volume');
  mkdirSync(registry);
  const policy = configMap(join(folder, 'policy'), 'policy.json', SPLIT);
  succeed(seed(registry, policy));
  await serving({ MODEL_REGISTRY: registry }, async (url) => {
    const { variants, revision } = await (await fetch(`${url}/v1/models/${MODEL}/policy`)).json();
    assert.deepEqual(
      variants.map(({ weight }) => weight),
      [75, 25],
    );
    assert.equal(revision, 2, 'the bundled policy was revision 1');
    await helmTest(url);
  });
  // The guard takes the canary back; a pod that starts anew must not undo that.
  succeed(eyrie(['policy', 'rollback', MODEL, '--registry', registry]));
  assert.match(succeed(seed(registry, policy)), /applied before/);
  assert.equal(policyOf(registry).revision, 3);
  assert.equal(policyOf(registry).variants, undefined);
  // Other values are another wish.
  const other = configMap(join(folder, 'other'), 'policy.json', {
    ...SPLIT,
    variants: undefined,
    default: 'challenger',
  });
  succeed(seed(registry, other));
  assert.equal(policyOf(registry).default, 'challenger');
  return 'the init container fills a volume, applies the policy of a ConfigMap once, and the server serves it';
}

function seedsOnceUnderRace(folder) {
  const registry = join(folder, 'race');
  mkdirSync(registry);
  const policy = configMap(join(folder, 'race-policy'), 'policy.json', SPLIT);
  const script = `for i in 1 2 3; do node '${SEED}' & pids="$pids $!"; done; for p in $pids; do wait $p || exit 1; done`;
  succeed(spawnSync('sh', ['-c', script], { encoding: 'utf8', env: environment(registry, policy) }));
  const versions = readdirSync(join(registry, MODEL)).filter((name) => /^\d+$/.test(name));
  assert.deepEqual(versions, ['1', '2', '3']);
  assert.deepEqual(
    readdirSync(join(registry, MODEL)).filter((name) => name.includes('.draft')),
    [],
  );
  succeed(eyrie(['models', 'verify', '--registry', registry]));
  return 'three init containers at once leave one whole registry';
}

function leavesTheDefaultAsItWas(folder) {
  const hasFile = (name, ...models) => {
    const registry = join(folder, name);
    mkdirSync(registry);
    for (const model of models) cpSync(join(BUNDLED, MODEL, '1'), join(registry, model, '1'), { recursive: true });
    succeed(seed(registry));
    return existsSync(join(registry, 'registry.json'));
  };
  assert.equal(hasFile('default-empty'), true);
  assert.equal(hasFile('default-same', MODEL, 'z'), true);
  assert.equal(hasFile('default-other', 'a', MODEL), false);
  return 'registry.json is copied where it changes nothing: requests that name no model go where they went';
}

function refusals(folder) {
  const registry = join(folder, 'volume');
  const wrong = { ...SPLIT, aliases: { champion: 2, challenger: 9 } };
  const message = fail(seed(registry, configMap(join(folder, 'wrong'), 'policy.json', wrong)));
  assert.match(message, /names version 9, which is not there/);
  const lines = ['a policy that names a version that is not there is refused, and the one in force stays'];
  if (!canMount()) return [...lines, 'NOT checked, as this machine allows no mounts: full and read-only volumes'];
  const onTmpfs = (options) => {
    const point = mkdtempSync(join(folder, 'tmpfs-'));
    const script = `mount -t tmpfs -o ${options} tmpfs '${point}' && exec node '${SEED}'`;
    const env = environment(point);
    return spawnSync('unshare', ['--map-root-user', '--mount', 'sh', '-c', script], { encoding: 'utf8', env });
  };
  assert.match(fail(onTmpfs('size=256k')), /the volume is full .*make it larger/);
  assert.match(fail(onTmpfs('ro')), /the volume is read-only .*registry\.persistence\.readOnly/);
  return [...lines, 'a full and a read-only volume stop the init container with a line that says what to do'];
}

/** The image's models, with one file mounted over policy.json, as a subPath of a ConfigMap is. */
async function servesMountedPolicy(folder) {
  if (!canMount()) return 'NOT checked, as this machine allows no mounts: a policy mounted over the one of the image';
  const image = join(folder, 'image');
  cpSync(BUNDLED, image, { recursive: true });
  const policy = configMap(join(folder, 'mounted'), 'policy.json', SPLIT);
  const target = join(image, MODEL, 'policy.json');
  const script = [
    `mount --bind '${policy}' '${target}'`,
    // Read-only as a whole, like the root file system of the container.
    `mount --rbind '${image}' '${image}' && mount -o remount,bind,ro '${image}'`,
    'exec "$@"',
  ].join(' && ');
  const within = ['unshare', '--map-root-user', '--mount', 'sh', '-c', script, 'sh'];
  const key = spawnSync(process.execPath, [CLI, 'keys', 'new', '--id', 'check'], { encoding: 'utf8' }).stdout;
  const [, secret, digest] = /Key:\s+(\S+)\s+Digest:\s+(\S+)/.exec(key);
  await serving(
    { MODEL_REGISTRY: image, ADMIN_API_KEYS: digest },
    async (url) => {
      const { variants } = await (await fetch(`${url}/v1/models/${MODEL}/policy`)).json();
      assert.deepEqual(
        variants.map(({ weight }) => weight),
        [75, 25],
      );
      const change = await fetch(`${url}/v1/models/${MODEL}/aliases/champion`, {
        method: 'PUT',
        headers: { Authorization: `Bearer ${secret}`, 'Content-Type': 'application/json' },
        body: '{"version":1}',
      });
      assert.equal(change.status, 409);
      assert.equal((await change.json()).code, 'REGISTRY_READ_ONLY');
    },
    within,
  );
  return 'a policy mounted over the one of the image is served, and a change of it answers REGISTRY_READ_ONLY';
}

async function leavesEmptyVolume(folder) {
  const registry = join(folder, 'empty');
  mkdirSync(registry);
  const port = await freePort();
  const server = spawnSync(process.execPath, [join(root, 'dist/apps/server/src/main.js')], {
    encoding: 'utf8',
    env: { ...process.env, PORT: String(port), GRPC_PORT: '0', HOST: '127.0.0.1', MODEL_REGISTRY: registry },
    timeout: 60_000,
  });
  assert.equal(server.status, 1);
  assert.match(server.stderr, /there is no usable model in/);
  return 'an empty volume without seeding stops the server with a line that says so';
}

/** A ConfigMap as kubelet mounts it. @returns the path under which its file is seen */
function configMap(folder, name, content) {
  const version = join(folder, '..2026_01_01_00_00_00.1');
  mkdirSync(version, { recursive: true });
  writeFileSync(join(version, name), JSON.stringify(content));
  symlinkSync('..2026_01_01_00_00_00.1', join(folder, '..data'));
  symlinkSync(`..data/${name}`, join(folder, name));
  return join(folder, name);
}

function environment(registry, policy) {
  return { ...process.env, REGISTRY: registry, BUNDLED, EYRIE: CLI, ...(policy && { MODEL, POLICY: policy }) };
}

function seed(registry, policy) {
  return spawnSync(process.execPath, [SEED], { encoding: 'utf8', env: environment(registry, policy) });
}

function eyrie(args) {
  return spawnSync(process.execPath, [CLI, ...args], { encoding: 'utf8' });
}

function policyOf(registry) {
  return JSON.parse(readFileSync(join(registry, MODEL, 'policy.json'), 'utf8'));
}

/** The chart's own test, on a server that runs here. */
async function helmTest(url) {
  const files = join(root, 'helm/eyrie/files/test');
  const child = spawn(process.execPath, [join(files, 'predict.mjs'), join(files, 'horse.jpg')], {
    env: { ...process.env, SERVERS: url },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const status = await new Promise((resolve) => child.on('exit', resolve));
  assert.equal(status, 0, 'the test of the release failed');
}

/** @param within as of EyrieServer */
async function serving({ MODEL_REGISTRY: registry, ...env }, use, within) {
  const server = await EyrieServer.start({ registry, env: { LOG_LEVEL: 'error', ...env }, within });
  try {
    await use(server.url);
  } finally {
    await server.stop();
  }
}

function succeed({ status, stdout, stderr, error }) {
  assert.equal(status, 0, `${stdout}${stderr}${error ?? ''}`);
  return stdout;
}

function fail({ status, stdout, stderr }) {
  assert.equal(status, 1, `should have failed: ${stdout}${stderr}`);
  return stderr;
}

function canMount() {
  return existsSync('/proc/self/ns/user') && spawnSync('unshare', ['--map-root-user', '--mount', 'true']).status === 0;
}
