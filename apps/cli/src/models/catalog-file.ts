import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../package-root';

/** The catalog to use: the one that was named, or that of the registry's folder, or the one that comes with Eyrie. */
export function catalogFile(registry: string | undefined, named?: string): string {
  const own = registry && join(registry, 'catalog.json');
  return named ?? (own && existsSync(own) ? own : join(packageRoot(), 'model-registry', 'catalog.json'));
}
