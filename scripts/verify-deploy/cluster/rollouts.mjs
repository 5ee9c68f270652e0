// What Argo Rollouts and its plug-in for the Gateway API, which are not here, write into the objects of a release with a route, and
// what becomes of that. The step `rollouts` has the controller, but nothing has the plug-in.
import assert from 'node:assert/strict';
import { quiet } from './cluster.mjs';

/**
 * Writes as the controller and its plug-in for the Gateway API do in the middle of a rollout: the hash of the pods into what the
 * Services select, and other weights into the route.
 * @returns fails when any of it has been changed since
 */
export function moveTraffic(cluster, namespace) {
  for (const [name, hash] of Object.entries({ eyrie: '6d4cf56db6', 'eyrie-canary': '7f9c58b9d4' })) {
    const patch = {
      metadata: { annotations: { 'argo-rollouts.argoproj.io/managed-by-rollouts': 'eyrie' } },
      spec: { selector: { 'rollouts-pod-template-hash': hash } },
    };
    write(cluster, namespace, 'argo-rollouts', ['service', name, '--type=merge'], patch);
  }
  for (const { metadata } of cluster.list('httproutes', namespace)) {
    const weights = [80, 20].map((value, i) => ({
      ...{ op: 'replace', path: `/spec/rules/0/backendRefs/${i}/weight`, value },
    }));
    write(cluster, namespace, 'gatewayAPI', ['httproute', metadata.name, '--type=json'], weights);
  }
  const specs = () => cluster.list('services,httproutes', namespace).map(({ spec }) => spec);
  const moved = specs();
  return () => assert.deepEqual(specs(), moved, `${namespace}: the upgrade took back what Argo Rollouts had written`);
}

function write(cluster, namespace, manager, what, patch) {
  const args = ['patch', ...what, '-n', namespace, `--field-manager=${manager}`, '-p', JSON.stringify(patch)];
  quiet(cluster.kubectl(args));
}
