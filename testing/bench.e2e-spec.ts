import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { REPOSITORY } from './registry';

const BENCH = join(REPOSITORY, 'bench/main.mjs');

async function bench(...args: string[]) {
  const { stdout } = await promisify(execFile)(process.execPath, [BENCH, '--json', ...args], { cwd: REPOSITORY });
  return JSON.parse(stdout);
}

describe('npm run bench', () => {
  it('measures the rest when a model cannot be served, and names the reason', async () => {
    const short = ['--inputs', 'small', '--connections', '2', '--seconds', '0.5', '--warm-up', '0.2'];
    const { models, skipped } = await bench(
      '--models',
      'no-such-model,resnet-cifar10',
      ...short,
      '--no-start-up',
      '--no-cache',
    );

    expect(skipped).toContainEqual({
      what: 'no-such-model',
      reason: expect.stringContaining('there is no model "no-such-model"'),
    });
    expect(models).toEqual([expect.objectContaining({ model: 'resnet-cifar10', version: 2 })]);
    const [{ rows, ceilings }] = models;
    expect(rows.map(({ load }: { load: string }) => load)).toEqual(['2 connections', 'open loop']);
    for (const row of rows) {
      expect(row.errors).toBe(0);
      expect(row.answers).toBeGreaterThan(0);
      expect(row.latencyMs.p95).toBeGreaterThanOrEqual(row.latencyMs.p50);
      expect(row.meanBatch).toBeGreaterThanOrEqual(1);
    }
    expect(rows[0].ofCeiling).toBeCloseTo(rows[0].requestsPerSecond / ceilings[0].imagesPerSecond);
  }, 240_000);

  it('refuses a number that is none', async () => {
    await expect(bench('--seconds', 'soon')).rejects.toThrow('--seconds must be a number of at least 0.5, not "soon"');
  });
});
