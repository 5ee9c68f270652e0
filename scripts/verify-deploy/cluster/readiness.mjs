// Pods that are ready. There is no node whose kubelet would start them, so this says in its place that one is running and ready;
// what the controllers then do is theirs.
import { quiet } from './cluster.mjs';

export function sayReady(cluster, { metadata: { name, namespace } }) {
  const now = new Date().toISOString();
  const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: now }] };
  const args = ['patch', 'pod', name, '-n', namespace, '--subresource=status', '-p', JSON.stringify({ status })];
  quiet(cluster.kubectl(args));
}

export function isReady({ status }) {
  return status.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;
}

/** The pods of a namespace that are not on their way out. */
export function livePods(cluster, namespace) {
  return cluster.list('pods', namespace).filter(({ metadata }) => !metadata.deletionTimestamp);
}
