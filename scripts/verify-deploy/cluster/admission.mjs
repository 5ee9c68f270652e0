// Whether pods get past the Pod Security Standard. Of a Deployment the API server only warns; pods it refuses.
import { quiet } from './cluster.mjs';

export const RESTRICTED = Object.fromEntries(
  ['enforce', 'warn', 'audit'].map((mode) => [`pod-security.kubernetes.io/${mode}`, 'restricted']),
);

export function createNamespace(cluster, name) {
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: RESTRICTED } };
  quiet(cluster.kubectl(['create', '-f', '-'], namespace));
}

/** Creates a pod of every template in a namespace, without keeping it. @returns how many there were */
export function admitPods(cluster, namespace, kinds) {
  const pods = cluster.list(kinds, namespace).map(({ kind, metadata, spec }) => ({
    ...{ apiVersion: 'v1', kind: 'Pod' },
    metadata: { ...spec.template?.metadata, name: `${kind.toLowerCase()}-${metadata.name}`, namespace },
    // A ServingRuntime of KServe has no template.
    spec: spec.template?.spec ?? { containers: spec.containers, volumes: spec.volumes },
  }));
  for (const pod of pods) quiet(cluster.kubectl(['create', '--dry-run=server', '-f', '-'], pod));
  return pods.length;
}

/**
 * Waits until the controllers have made of every Deployment the pods that it or its autoscaler wants, and until every budget
 * has found pods. Every Service must select some.
 * @returns how many pods there are
 */
export async function podsAppear(cluster, namespace) {
  const [deployments, autoscalers] = ['deployments', 'hpa'].map((kinds) => cluster.list(kinds, namespace));
  // The pods of a Rollout or of KServe are made by their own controllers, which are not here.
  if (deployments.length === 0) return 0;
  await updated(cluster, namespace, ({ metadata, spec }) => {
    const autoscaler = autoscalers.find((one) => one.spec.scaleTargetRef.name === metadata.name);
    return Math.max(spec.replicas, autoscaler?.spec.minReplicas ?? 0);
  });
  const pods = cluster.list('pods', namespace);
  for (const { metadata, spec } of cluster.list('services', namespace)) {
    if (!pods.some((pod) => matches(spec.selector, pod))) throw new Error(`Service ${metadata.name} selects no pod`);
  }
  await cluster.until(`every budget in ${namespace} finds pods`, () =>
    cluster.list('poddisruptionbudgets', namespace).every(({ status }) => status?.expectedPods > 0),
  );
  return pods.length;
}

/** Waits until every Deployment has a new pod: without nodes none gets ready, and so no more than the first is replaced. */
export function rolls(cluster, namespace) {
  return updated(cluster, namespace, () => 1);
}

function updated(cluster, namespace, wanted) {
  return cluster.until(`the pods of all Deployments in ${namespace}`, () =>
    cluster
      .list('deployments', namespace)
      .every(
        (one) => one.status.observedGeneration === one.metadata.generation && one.status.updatedReplicas >= wanted(one),
      ),
  );
}

function matches(selector, { metadata }) {
  return Object.entries(selector).every(([key, value]) => metadata.labels?.[key] === value);
}
