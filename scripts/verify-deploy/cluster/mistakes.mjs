// What must be refused or warned of: a cluster that accepts everything would prove nothing.
import assert from 'node:assert/strict';
import { chart } from '../manifests.mjs';
import { createNamespace } from './admission.mjs';
import { quiet } from './cluster.mjs';

const NAMESPACE = 'mistakes';
const PRIVILEGED = { containers: [{ name: 'a', image: 'a', securityContext: { privileged: true } }] };
const deployment = (pod) => ({
  ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a' } },
  spec: {
    selector: { matchLabels: { app: 'a' } },
    template: { metadata: { labels: { app: 'a' } }, spec: pod },
  },
});
const route = (path) => ({
  ...{ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', metadata: { name: 'a' } },
  spec: { rules: [{ matches: [{ path: { type: 'PathPrefix', value: path } }] }] },
});

/** What is wrong, the object, and what the API server must say. */
const REFUSED = [
  [
    'a privileged pod',
    { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec: PRIVILEGED },
    /forbidden: violates PodSecurity "restricted:latest": privileged/,
  ],
  [
    'an unknown field',
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' }, spec: { sellector: { a: 'b' } } },
    /unknown field "spec\.sellector"/,
  ],
  [
    'a port twice',
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' }, spec: { ports: [{ port: 80 }, { port: 80 }] } },
    /spec\.ports\[1\]/,
  ],
  [
    'a selector that misses its own pods',
    { ...deployment(PRIVILEGED), spec: { ...deployment(PRIVILEGED).spec, selector: { matchLabels: { app: 'b' } } } },
    /`selector` does not match template `labels`/,
  ],
  // A rule that the definition of the kind states as an expression, which no schema can.
  ['a route without a leading slash', route('predict'), /must be an absolute path/],
];

/** @returns what was checked */
export function checkMistakes(cluster) {
  createNamespace(cluster, NAMESPACE);
  const create = (object) => cluster.kubectl(['create', '-n', NAMESPACE, '--validate=strict', '-f', '-'], object);
  for (const [what, object, message] of REFUSED) {
    const { status, stderr } = create(object);
    assert.notEqual(status, 0, `accepted: ${what}`);
    assert.match(stderr, message, `${what}: ${stderr}`);
  }
  // Both tools must show warnings, or the lack of them says nothing. Helm's are quoted.
  const warning = /would violate PodSecurity \\?"restricted:latest\\?": privileged/;
  assert.throws(() => quiet(create(deployment(PRIVILEGED))), warning);
  const extra = `extraObjects=${JSON.stringify([{ ...deployment(PRIVILEGED), metadata: { name: 'b' } }])}`;
  const args = ['install', 'eyrie', chart, '-n', NAMESPACE, '--set-json', extra];
  assert.throws(() => quiet(cluster.helm(args)), warning);
  return `${REFUSED.length} kinds of mistakes are refused, and warnings are seen, from kubectl and from Helm`;
}
