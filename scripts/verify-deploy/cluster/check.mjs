// The step `cluster`: what a real API server and its controllers make of the chart and of k8s/.
import { crdFiles } from '../schemas.mjs';
import { KUBERNETES } from '../versions.mjs';
import { checkAvailability } from './availability.mjs';
import { withCluster } from './cluster.mjs';
import { checkMistakes } from './mistakes.mjs';
import { checkOverlays } from './overlays.mjs';
import { checkReleases } from './releases.mjs';

/** @returns what was checked */
export function checkCluster() {
  return withCluster(KUBERNETES.newest, async (cluster) => {
    for (const file of crdFiles()) {
      const { status, stderr, said } = cluster.kubectl(['create', '-f', file]);
      // Other people's definitions may have warnings.
      if (status !== 0) throw new Error(`${said}: ${stderr}`);
    }
    await cluster.until('all definitions are served', () =>
      cluster.list('customresourcedefinitions').every(({ status }) => isTrue(status, 'Established')),
    );
    const lines = [
      checkMistakes(cluster),
      await checkReleases(cluster),
      await checkAvailability(cluster),
      await checkOverlays(cluster),
    ];
    return lines.map((line) => `Kubernetes ${KUBERNETES.newest}: ${line}`);
  });
}

function isTrue(status, condition) {
  return status?.conditions?.some(({ type, status: value }) => type === condition && value === 'True');
}
