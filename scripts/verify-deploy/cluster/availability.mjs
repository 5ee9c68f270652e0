// How many pods are ready while pods are replaced.
import assert from 'node:assert/strict';
import { chart } from '../manifests.mjs';
import { createNamespace, rolls } from './admission.mjs';
import { quiet } from './cluster.mjs';
import { isReady, livePods, sayReady } from './readiness.mjs';

const NAMESPACE = 'availability';
const WANTED = 3;

/** @returns what was checked */
export async function checkAvailability(cluster) {
  createNamespace(cluster, NAMESPACE);
  const args = ['eyrie', chart, '-n', NAMESPACE, '--set', `autoscaling.minReplicas=${WANTED}`];
  quiet(cluster.helm(['install', ...args]));
  await becomeReady(cluster, 0);
  quiet(cluster.helm(['upgrade', ...args, '--set', 'podAnnotations.changed=yes']));
  await rolls(cluster, NAMESPACE);
  await becomeReady(cluster, WANTED);
  assert(
    pods(cluster).every(({ metadata }) => metadata.annotations.changed === 'yes'),
    'a pod of before is left',
  );
  await checkEvictions(cluster);
  quiet(cluster.helm(['uninstall', 'eyrie', '-n', NAMESPACE]));
  return `an update replaces ${WANTED} pods with never fewer ready, and a budget lets one at a time be evicted`;
}

/** Makes one pod ready after the other until no more come. @param least how many must be ready all the time */
async function becomeReady(cluster, least) {
  await cluster.until(`${WANTED} pods are ready, and none is left of before`, () => {
    const all = pods(cluster);
    const ready = all.filter(isReady).length;
    assert(ready >= least, `only ${ready} pods are ready during the update`);
    assert(all.length <= WANTED + 1, `${all.length} pods at once, though one more than ${WANTED} is allowed`);
    const next = all.find((pod) => !isReady(pod));
    if (next) sayReady(cluster, next);
    const [{ metadata, status }] = cluster.list('deployments', NAMESPACE);
    const { replicas, updatedReplicas, availableReplicas, observedGeneration } = status;
    const done = [replicas, updatedReplicas, availableReplicas].every((count) => count === WANTED);
    return done && observedGeneration === metadata.generation;
  });
}

async function checkEvictions(cluster) {
  await cluster.until('the budget allows one pod to go', () => {
    return cluster.list('poddisruptionbudgets', NAMESPACE)[0].status.disruptionsAllowed === 1;
  });
  const [first, second] = pods(cluster).map(({ metadata }) => metadata.name);
  quiet(evict(cluster, first));
  const { status, stderr } = evict(cluster, second);
  assert.notEqual(status, 0, 'a second pod was evicted while the first was not replaced');
  assert.match(stderr, /would violate the pod's disruption budget/);
  // Of a pod that is not ready nobody is served.
  await cluster.until('another pod comes in place of the first', () => pods(cluster).length === WANTED);
  quiet(evict(cluster, pods(cluster).find((pod) => !isReady(pod)).metadata.name));
}

function evict(cluster, name) {
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: NAMESPACE } };
  const path = `/api/v1/namespaces/${NAMESPACE}/pods/${name}/eviction`;
  return cluster.kubectl(['create', '--raw', path, '-f', '-'], eviction);
}

function pods(cluster) {
  return livePods(cluster, NAMESPACE);
}
