import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../package-root';

/** The catalog to use: the one that was named, or the registry's own, or the one that comes with Eyrie. */
export function catalogFile(registry: string, named?: string): string {
  const own = join(registry, 'catalog.json');
  return named ?? (existsSync(own) ? own : join(packageRoot(), 'model-registry', 'catalog.json'));
}
