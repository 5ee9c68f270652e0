// Docker Compose, what it builds with, and Prometheus, compiled where this machine does not have them.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE, run } from '../verify-image/tools.mjs';

const PLUGINS = {
  compose: ['github.com/docker/compose/v5', 'v5.5.0', './cmd', 'internal.Version'],
  buildx: ['github.com/docker/buildx', 'v0.37.0', './cmd/buildx', 'version.Version'],
};

/** @param docker runs a command of the client; @returns the versions that it will use */
export async function preparePlugins(docker) {
  for (const [name, [module, version, folder, variable]] of Object.entries(PLUGINS)) {
    if (await docker(name, 'version').catch(() => '')) continue;
    const path = join(CACHE, 'docker-config', 'cli-plugins', `docker-${name}`);
    await goBuild(path, `${module}@${version}`, folder, ['-ldflags', `-s -w -X ${module}/${variable}=${version}`]);
  }
  const version = await docker('version', '--format', 'Docker {{.Server.Version}}');
  return [version, await docker('compose', 'version'), await docker('buildx', 'version')].join(', ');
}

/** @param version as in docker-compose.yml, such as v3.15.0; @returns the folder with `prometheus` */
export async function prometheus(version) {
  const [major, minor, patch] = version.replace(/^v/, '').split('.');
  const folder = join(CACHE, `prometheus-${version}`);
  // As a Go module, Prometheus 3.15.0 is v0.315.0. Without its clients of clouds it is small, and without its pages no less true.
  const module = `github.com/prometheus/prometheus@v0.${major}${minor.padStart(2, '0')}.${patch}`;
  await goBuild(join(folder, 'prometheus'), module, './cmd/prometheus', ['-tags', 'remove_all_sd,netgo']);
  return folder;
}

/** From the module's own folder: `go install` takes none that replaces or excludes one of its dependencies. */
async function goBuild(path, module, folder, options) {
  if (existsSync(path)) return;
  console.log(`compiling ${module}`);
  mkdirSync(join(path, '..'), { recursive: true });
  const { Dir: cwd } = JSON.parse(await run('go', ['mod', 'download', '-json', module], { cwd: CACHE }));
  const env = { ...process.env, GOWORK: 'off', CGO_ENABLED: '0' };
  await run('go', ['build', '-trimpath', '-buildvcs=false', ...options, '-o', path, folder], { cwd, env });
}
