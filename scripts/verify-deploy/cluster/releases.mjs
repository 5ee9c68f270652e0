// The chart, with each of its values files: installed, changed, taken back and uninstalled, as a user would.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { chart, valuesFiles } from '../manifests.mjs';
import { admitPods, createNamespace, podsAppear, rolls } from './admission.mjs';
import { quiet } from './cluster.mjs';
import { moveTraffic } from './rollouts.mjs';

/** Installing looks for this Secret; see checkMissingSecret. */
const SECRETS = { 'existing-secret-values.yaml': 'eyrie-api-keys' };

/** What uninstalling must take away, the pods and what Helm itself stores of the release among it. */
const LEFT = [
  ...[
    'deployments',
    'rollouts',
    'pods',
    'services',
    'persistentvolumeclaims',
    'hpa',
    'scaledobjects',
    'networkpolicies',
  ],
  ...['poddisruptionbudgets', 'configmaps', 'secrets', 'httproutes', 'ingresses', 'servicemonitors', 'serviceaccounts'],
].join(',');
/** What every namespace has, and what the checks bring. */
const NOBODYS = new Set(['default', 'kube-root-ca.crt', ...Object.values(SECRETS)]);

/** @returns what was checked */
export async function checkReleases(cluster) {
  let pods = 0;
  for (const file of valuesFiles()) pods += await checkRelease(cluster, file);
  const count = valuesFiles().length;
  return `${count} values files: installed, upgraded, rolled back and uninstalled without a warning; ${pods} pods came into being`;
}

async function checkRelease(cluster, file) {
  const namespace = `chart-${file.replace('-values.yaml', '')}`;
  const values = ['-n', namespace, '-f', join(chart, 'ci', file)];
  createNamespace(cluster, namespace);
  if (SECRETS[file]) checkMissingSecret(cluster, namespace, values, SECRETS[file]);

  quiet(cluster.helm(['install', 'eyrie', chart, ...values]));
  assert(admitPods(cluster, namespace, 'deployments,rollouts') > 0, `${file}: nothing that makes pods`);
  const pods = await podsAppear(cluster, namespace);
  // What `helm test` would create.
  const hooks = quiet(cluster.helm(['get', 'hooks', 'eyrie', '-n', namespace]));
  for (const hook of objects(hooks)) {
    quiet(cluster.kubectl(['create', '--dry-run=server', '-n', namespace, '-f', '-'], hook));
  }

  const before = templates(cluster, namespace);
  const autoscaled = cluster.list('horizontalpodautoscalers', namespace).map(({ spec }) => spec.scaleTargetRef);
  for (const { kind, name } of autoscaled) {
    if (kind === 'Deployment') quiet(cluster.kubectl(['scale', 'deployment', name, '--replicas=4', '-n', namespace]));
  }
  const scaled = replicas(cluster, namespace);
  // Without a route Argo Rollouts leaves Services alone.
  const byArgo = ['rollouts', 'httproutes'].every((kind) => cluster.list(kind, namespace).length > 0);
  const checkTraffic = byArgo ? moveTraffic(cluster, namespace) : () => {};
  quiet(cluster.helm(['upgrade', 'eyrie', chart, ...values, '--set', 'podAnnotations.changed=yes']));
  await rolls(cluster, namespace);
  for (const { metadata } of templates(cluster, namespace)) assert.equal(metadata.annotations.changed, 'yes', file);
  assert.deepEqual(replicas(cluster, namespace), scaled, `${file}: the upgrade changed what the autoscaler had set`);
  checkTraffic();
  // What was stored with the first revision knows nothing of what Argo has written since.
  const force = byArgo ? ['--force-conflicts'] : [];
  quiet(cluster.helm(['rollback', 'eyrie', '1', '-n', namespace, ...force]));
  await rolls(cluster, namespace);
  assert.deepEqual(templates(cluster, namespace), before, `${file}: the rollback did not bring back the same pods`);
  assert.deepEqual(replicas(cluster, namespace), scaled, `${file}: the rollback changed what the autoscaler had set`);

  const kept = cluster.list('persistentvolumeclaims', namespace).filter(isKept).map(nameOf);
  quiet(cluster.helm(['uninstall', 'eyrie', '-n', namespace]));
  await cluster.until(`of ${file} nothing is left but ${kept.join(', ') || 'nothing'}`, () => {
    const left = cluster.list(LEFT, namespace).filter(({ metadata }) => !NOBODYS.has(metadata.name));
    return isDeepStrictEqual(left.map(nameOf), kept);
  });
  return pods;
}

/** Only with a cluster does Helm's `lookup` find anything, or miss it. */
function checkMissingSecret(cluster, namespace, values, name) {
  const { status, stderr } = cluster.helm(['install', 'eyrie', chart, ...values]);
  assert.equal(status, 1, 'installed without the Secret that its pods need');
  assert.match(stderr, new RegExp(name));
  quiet(cluster.kubectl(['create', 'secret', 'generic', name, '--from-literal=PREDICT_API_KEYS=', '-n', namespace]));
}

function templates(cluster, namespace) {
  return cluster.list('deployments,rollouts', namespace).map(({ spec }) => spec.template);
}

function replicas(cluster, namespace) {
  const all = cluster.list('deployments', namespace);
  return Object.fromEntries(all.map(({ metadata, spec }) => [metadata.name, spec.replicas]));
}

function isKept({ metadata }) {
  return metadata.annotations?.['helm.sh/resource-policy'] === 'keep';
}

function nameOf({ metadata }) {
  return metadata.name;
}

function objects(text) {
  return parseAllDocuments(text)
    .map((document) => document.toJS())
    .filter(Boolean);
}
