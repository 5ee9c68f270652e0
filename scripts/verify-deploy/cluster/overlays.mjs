// The kustomizations of k8s/, applied and deleted by kubectl.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { root } from '../../prepare.mjs';
import { KUSTOMIZATIONS } from '../manifests.mjs';
import { admitPods, createNamespace, podsAppear } from './admission.mjs';
import { quiet } from './cluster.mjs';

/** @returns what was checked */
export async function checkOverlays(cluster) {
  let pods = 0;
  for (const name of KUSTOMIZATIONS) pods += await checkOverlay(cluster, name);
  return `${KUSTOMIZATIONS.length} kustomizations: applied, by kubectl and by the server; not changed if applied again; deleted; no warning; ${pods} pods came into being`;
}

async function checkOverlay(cluster, name) {
  const folder = join(root, 'k8s', name);
  const namespace = name.endsWith('dev') ? 'eyrie-dev' : 'eyrie';
  // KServe's users have their namespaces already.
  if (name === 'kserve') createNamespace(cluster, namespace);
  quiet(cluster.kubectl(['apply', '-k', folder]));
  assert(admitPods(cluster, namespace, 'deployments,servingruntimes') > 0, `${name}: nothing that makes pods`);
  const pods = await podsAppear(cluster, namespace);
  // As Flux does: the server takes no list that has a key twice, of which kubectl by itself takes the last.
  const byServer = ['--server-side', '--field-manager=gitops', '--force-conflicts', '--dry-run=server'];
  quiet(cluster.kubectl(['apply', ...byServer, '-k', folder]));
  // What apply says of itself is no measure: it sends a budget's selector each time, though nothing changes by it.
  const { status, stdout, stderr } = cluster.kubectl(['diff', '-k', folder]);
  assert.equal(status, 0, `${name}: applied again, it would change\n${stdout}${stderr}`);
  quiet(cluster.kubectl(['delete', '-k', folder]));
  return pods;
}
