// Other people's kinds in a cluster.
import { join } from 'node:path';
import { goModule } from '../cache.mjs';
import { CRDS } from '../versions.mjs';

/** The files of all that the chart and k8s/ use. */
export function crdFiles() {
  return CRDS.flatMap(({ module, folder, files }) => files.map((file) => join(goModule(module), folder, file)));
}

/** Creates definitions from files, and waits until their kinds are served. */
export async function define(cluster, files) {
  for (const file of files) {
    const { status, stderr, said } = cluster.kubectl(['create', '-f', file]);
    // Other people's definitions may have warnings.
    if (status !== 0) throw new Error(`${said}: ${stderr}`);
  }
  await cluster.until('all definitions are served', () =>
    cluster.list('customresourcedefinitions').every((definition) => isTrue(definition, 'Established')),
  );
}

/** Whether a condition in an object's status holds. */
export function isTrue({ status }, condition) {
  return status?.conditions?.some(({ type, status: value }) => type === condition && value === 'True') ?? false;
}
