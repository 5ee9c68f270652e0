// The commands that the checks are made with.
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { cache, goModule, once, output } from './cache.mjs';
import { GO_TOOLS } from './versions.mjs';

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
