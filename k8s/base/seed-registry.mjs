// Runs in the init container, before the server: puts the image's models and the policy of the values into the volume.
// What is there already stays. Several pods may do this at once, and any of them may be killed while it does.
import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { cp, link, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const VERSION = /^[1-9]\d{0,8}$/;
const TRIES = 5;
const { REGISTRY, BUNDLED, MODEL, POLICY, EYRIE = '/app/dist/apps/cli/src/main.js' } = process.env;

try {
  if (BUNDLED) await copyModels(BUNDLED, REGISTRY);
  if (POLICY) await applyPolicy(join(REGISTRY, MODEL), POLICY);
} catch (error) {
  console.error(`cannot prepare the registry in ${REGISTRY}: ${explain(error)}`);
  process.exit(1);
}

async function copyModels(from, to) {
  await copyDefault(from, to);
  for (const model of await folders(from)) {
    // Not `recursive`: Node would say ENOENT where the volume is read-only.
    await mkdir(join(to, model)).catch(ignore('EEXIST'));
    for (const version of (await folders(join(from, model))).filter((name) => VERSION.test(name))) {
      if (await appears(join(to, model, version), (draft) => cp(join(from, model, version), draft, { recursive: true }), rename)) {
        console.log(`${model} version ${version}: copied`);
      }
    }
    const policy = await readFile(join(from, model, 'policy.json')).catch(ignore('ENOENT'));
    // A link fails where a file is, a rename would take its place.
    if (policy && (await appears(join(to, model, 'policy.json'), (draft) => writeFile(draft, policy), link))) {
      console.log(`${model} policy: copied`);
    }
  }
}

/**
 * registry.json, which says which model answers requests that name none. First of all, and only where that changes nothing
 * for who asks already: in an empty volume, or where the model that it names is the first by name.
 */
async function copyDefault(from, to) {
  const file = await readFile(join(from, 'registry.json')).catch(ignore('ENOENT'));
  if (!file) return;
  const [first] = (await folders(to)).filter((name) => name !== 'lost+found').sort();
  if (first !== undefined && first !== JSON.parse(file).default) return;
  if (await appears(join(to, 'registry.json'), (draft) => writeFile(draft, file), link)) {
    console.log('registry.json: copied');
  }
}

/** Makes `path` by way of a draft, so that it is there whole or not at all. @returns false when it was there before */
async function appears(path, write, putInPlace) {
  const draft = `${path}.${randomBytes(6).toString('hex')}.draft`;
  try {
    if ((await readdir(join(path, '..'))).includes(path.split('/').at(-1))) return false;
    await write(draft);
    await putInPlace(draft, path);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST' || error.code === 'ENOTEMPTY') return false;
    throw error;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/**
 * Applies a policy once. After that the registry's own policy counts, whatever the guard or an operator made of it: a
 * pod that starts anew must not bring back a canary that the guard has taken back.
 */
async function applyPolicy(folder, file) {
  const digest = createHash('sha256').update(await readFile(file)).digest('hex');
  const marker = join(folder, '.applied-policy');
  for (let left = TRIES; ; left--) {
    if ((await readFile(marker, 'utf8').catch(ignore('ENOENT'))) === digest) {
      console.log(`${MODEL} policy: these values have been applied before; what has been changed since then stays`);
      return;
    }
    const set = spawnSync(process.execPath, [EYRIE, 'policy', 'set', MODEL, file, '--registry', REGISTRY], {
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1' },
    });
    process.stdout.write(set.stdout ?? '');
    if (set.status === 0) break;
    // Another pod may have been faster; then its marker is there in a moment.
    if (left === 0 || !/changed meanwhile/.test(set.stderr)) throw new Error(set.stderr || String(set.error));
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  const draft = `${marker}.${randomBytes(6).toString('hex')}`;
  await writeFile(draft, digest);
  await rename(draft, marker);
}

async function folders(path) {
  const entries = await readdir(path, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name);
}

function ignore(code) {
  return (error) => {
    if (error.code === code) return undefined;
    throw error;
  };
}

function explain({ code, message }) {
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return `the volume is full (${message}); make it larger, or remove versions that nobody needs`;
    case 'EROFS':
      return `the volume is read-only (${message}); set registry.persistence.readOnly, or mount it writable`;
    case 'EACCES':
    case 'EPERM':
      return `not allowed (${message}); the volume must be writable for the group in podSecurityContext.fsGroup`;
    default:
      return message;
  }
}
