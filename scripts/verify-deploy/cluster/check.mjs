// The step `cluster`: what a real API server and its controllers make of the chart and of k8s/.
import { KUBERNETES } from '../versions.mjs';
import { checkAvailability } from './availability.mjs';
import { withCluster } from './cluster.mjs';
import { crdFiles, define } from './definitions.mjs';
import { checkMistakes } from './mistakes.mjs';
import { checkOverlays } from './overlays.mjs';
import { checkReleases } from './releases.mjs';

/** @returns what was checked */
export function checkCluster() {
  return withCluster(KUBERNETES.newest, async (cluster) => {
    await define(cluster, crdFiles());
    const lines = [
      checkMistakes(cluster),
      await checkReleases(cluster),
      await checkAvailability(cluster),
      await checkOverlays(cluster),
    ];
    return lines.map((line) => `Kubernetes ${KUBERNETES.newest}: ${line}`);
  });
}
