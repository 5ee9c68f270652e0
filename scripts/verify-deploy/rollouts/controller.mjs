// Argo Rollouts, installed as its users do it. No node would start its pod, so its controller runs here, as a process that has the
// rights of that pod.
import { join } from 'node:path';
import { freePorts } from '../../free-ports.mjs';
import { goModule } from '../cache.mjs';
import { quiet } from '../cluster/cluster.mjs';
import { goTool } from '../tools.mjs';
import { ARGO_ROLLOUTS } from '../versions.mjs';

/** The one that its manifests give rights to. */
const NAMESPACE = 'argo-rollouts';
const KINDS = ['rollouts', 'analysisruns', 'analysistemplates', 'clusteranalysistemplates', 'experiments'];

export async function startArgoRollouts(cluster) {
  const controller = await goTool('argo-rollouts');
  quiet(cluster.kubectl(['create', 'namespace', NAMESPACE]));
  const manifests = join(goModule(ARGO_ROLLOUTS), 'manifests/install.yaml');
  quiet(cluster.kubectl(['apply', '--server-side', '-n', NAMESPACE, '-f', manifests]));
  const definitions = KINDS.map((kind) => `customresourcedefinition/${kind}.argoproj.io`);
  quiet(cluster.kubectl(['wait', '--for=condition=Established', '--timeout=60s', ...definitions]));
  const token = quiet(cluster.kubectl(['create', 'token', 'argo-rollouts', '-n', NAMESPACE, '--duration=2h'])).trim();
  // It has no flag for the address, so these two are not on loopback alone.
  const [metrics, health] = await freePorts(2);
  cluster.runCommand('argo-rollouts', controller, [
    `--kubeconfig=${cluster.writeKubeconfig('argo-rollouts.kubeconfig', token)}`,
    ...['--leader-elect=false', `--metricsPort=${metrics}`, `--healthzPort=${health}`],
  ]);
}
