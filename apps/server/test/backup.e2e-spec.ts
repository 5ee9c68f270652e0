import { createHash } from 'node:crypto';
import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { eyrieProcess } from '#testing/cli';
import { postImage, request, sample } from '#testing/http';
import { BUNDLED_REGISTRY, temporaryFolder } from '#testing/registry';
import { until } from '#testing/until';
import { ServerProcess } from '#testing/server-process';

const KEY = 'key-of-the-backup-test';
const ADMIN = { Authorization: `Bearer ${KEY}`, 'Content-Type': 'application/json' };
const ENV = { ADMIN_API_KEYS: createHash('sha256').update(KEY).digest('hex') };
const MODEL = 'resnet-cifar10';
const IMAGES = ['ship.png', 'cat.jpg', 'frog.webp'];
const ROUTING_KEYS = Array.from({ length: 8 }, (_, i) => `client-${i}`);

const folder = temporaryFolder();
const registry = join(folder.path, 'registry');
const backups = join(folder.path, 'backups');
const restored = join(folder.path, 'restored');
afterAll(() => folder.remove());

const policyUrl = (server: ServerProcess) => `${server.url}/v1/models/${MODEL}/policy`;

/** Splits the traffic anew. @returns the revision that this made */
async function split(server: ServerProcess, canary: number): Promise<number> {
  const policy = {
    aliases: { champion: 2, challenger: 3 },
    default: 'champion',
    variants: [
      { name: 'control', version: 'champion', weight: 100 - canary },
      { name: 'canary', version: 'challenger', weight: canary },
    ],
  };
  const { status, body, text } = await request(policyUrl(server), {
    method: 'PUT',
    headers: ADMIN,
    body: JSON.stringify(policy),
  });
  expect([status, text]).toEqual([200, expect.any(String)]);
  return body.revision as number;
}

/** All that a client sees of the answers to every image under every key, times and ids aside. */
async function answers(server: ServerProcess): Promise<unknown[]> {
  const all: unknown[] = [];
  for (const file of IMAGES) {
    for (const key of ROUTING_KEYS) {
      const { status, body } = await postImage(`${server.url}/v1/predict`, sample(file), { 'X-Routing-Key': key });
      all.push({ file, key, status, model: body.model, predictions: body.predictions });
    }
  }
  return all;
}

it('what was backed up under load, the machine then lost, gives the same answers elsewhere', async () => {
  cpSync(BUNDLED_REGISTRY, registry, { recursive: true });
  const lost = await ServerProcess.start({ ...ENV, MODEL_REGISTRY: registry });
  let other: ServerProcess | undefined;
  try {
    // Policies change and requests come in while the backup is made.
    let changing = true;
    const revisions: number[] = [];
    const changes = (async () => {
      for (let i = 0; changing; i++) {
        revisions.push(await split(lost, 30 + (i % 5) * 10));
        await postImage(`${lost.url}/v1/predict`, sample('ship.png'));
      }
    })();
    // Should anything below fail first, it is that which counts.
    changes.catch(() => undefined);
    await until(() => revisions.length >= 3, 'policies have changed', 60_000);
    const before = revisions.at(-1)!;
    const { code, stderr } = await eyrieProcess(['backup', backups, '--registry', registry]);
    expect([code, stderr]).toEqual([0, '']);
    changing = false;
    await changes;
    expect(revisions.length).toBeGreaterThan(3);

    // The machine is gone, and its disk with it.
    const held = await contentOf(lost);
    await lost.kill();
    rmSync(registry, { recursive: true });

    expect((await eyrieProcess(['restore', backups, '--registry', restored])).code).toBe(0);
    const { stdout } = await eyrieProcess(['models', 'verify', '--registry', restored]);
    expect(stdout).toMatch(new RegExp(`^ok +${MODEL} version 3`, 'm'));
    expect(stdout).not.toMatch(/FAILED/);
    expect(readdirSync(join(restored, MODEL, 'policy-history'))).toContain(`${before}.json`);

    other = await ServerProcess.start({ ...ENV, MODEL_REGISTRY: restored });
    const { body: policy } = await request(policyUrl(other));
    expect(policy.revision).toBeGreaterThanOrEqual(before);
    expect(policy.revision).toBeLessThanOrEqual(revisions.at(-1)!);
    // It may be an earlier revision that was backed up; with the weights of the last one, all must be the same.
    expect(await split(other, held.canary)).toBe(policy.revision + 1);
    expect(await answers(other)).toEqual(held.answers);

    const { status, body } = await request(`${policyUrl(other)}/rollback`, { method: 'POST', headers: ADMIN });
    expect(status).toBe(200);
    expect(body.variants).toEqual(policy.variants);
  } finally {
    await lost.kill();
    await other?.kill();
  }
}, 300_000);

/** What the first server answers with the policy that it has in the end. */
async function contentOf(server: ServerProcess): Promise<{ canary: number; answers: unknown[] }> {
  const { body } = await request(policyUrl(server));
  const given = await answers(server);
  const variants = new Set(given.map((answer) => (answer as { model: { variant: string } }).model.variant));
  // Otherwise it would prove nothing about keys.
  expect(variants).toEqual(new Set(['control', 'canary']));
  return { canary: body.variants[1].weight as number, answers: given };
}
