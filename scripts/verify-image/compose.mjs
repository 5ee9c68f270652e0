import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../prepare.mjs';
import { CACHE, run } from './tools.mjs';

/** The library with which Docker Compose itself reads its files. */
const PARSER = 'github.com/compose-spec/compose-go/v2/cmd@v2.16.2';

export const hasGo = spawnSync('go', ['version']).status === 0;

/**
 * Reads docker-compose.yml as Docker Compose does, every profile switched on.
 * @returns the model; needs Go. @throws with what is wrong in the file
 */
export async function readCompose(file = join(root, 'docker-compose.yml')) {
  const bin = join(CACHE, PARSER.replaceAll('/', '_'));
  if (!existsSync(join(bin, 'cmd'))) await run('go', ['install', PARSER], { env: { ...process.env, GOBIN: bin } });
  const env = { ...process.env, COMPOSE_PROFILES: '*' };
  return JSON.parse(await run(join(bin, 'cmd'), ['--format', 'json', file], { cwd: root, env }));
}

/** Files and folders that services mount but that are not there. Docker would make empty folders of them. */
export function missingMounts(model) {
  return Object.values(model.services)
    .flatMap(({ volumes = [] }) => volumes)
    .filter(({ type, source }) => type === 'bind' && !existsSync(source))
    .map(({ source }) => source);
}
