import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The catalog to use: the one that was named, or the registry's own, or the one that comes with Eyrie. */
export function catalogFile(registry: string, named?: string): string {
  const own = join(registry, 'catalog.json');
  return named ?? (existsSync(own) ? own : join(packageRoot(__dirname), 'model-registry', 'catalog.json'));
}

/** The nearest folder above with a package.json: the same from the sources and from the build. */
function packageRoot(folder: string): string {
  const above = dirname(folder);
  return above === folder || existsSync(join(folder, 'package.json')) ? folder : packageRoot(above);
}
