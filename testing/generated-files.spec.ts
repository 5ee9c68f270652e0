import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from './registry';

it('what is made of something else is as it would be made now', () => {
  const script = join(REPOSITORY, 'scripts/generate.mjs');
  const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
});

describe('the chart’s schema', () => {
  const { $defs } = JSON.parse(readFileSync(join(REPOSITORY, 'helm/eyrie/values.schema.json'), 'utf8')) as {
    $defs: { environment: { properties: Record<string, { type: string; pattern: string }> } };
  };
  const { REDIS_URL } = $defs.environment.properties;

  it.each(['', 'redis://:secret@redis.example:6379/0', 'rediss://redis.internal', 'redis://[::1]:6379'])(
    'takes "%s" as REDIS_URL',
    (url) => {
      expect(REDIS_URL!.type).toBe('string');
      expect(url).toMatch(new RegExp(REDIS_URL!.pattern));
    },
  );

  it.each(['redis.example:6379', 'http://redis.example', 'redis://redis.example/cache'])(
    'refuses "%s" as REDIS_URL',
    (url) => expect(url).not.toMatch(new RegExp(REDIS_URL!.pattern)),
  );
});
