// Values that must be refused, with a message that names what is wrong.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { chart } from './manifests.mjs';
import { client } from './tools.mjs';

const gateway = { enabled: true, parentRefs: [{ name: 'gateway' }] };
const split = (weights, rest = {}) => ({
  traffic: {
    enabled: true,
    aliases: { champion: 2, challenger: 3 },
    default: 'champion',
    variants: weights.map((weight, i) => ({ name: `arm${i}`, version: i === 0 ? 'champion' : 'challenger', weight })),
    ...rest,
  },
});
const guard = {
  variant: 'arm1',
  ...{ window_s: 60, min_requests: 100, max_error_rate: 0.02, max_p95_ratio: 1.5, steps: [1, 100], step_s: 300 },
};
const volume = { registry: { persistence: { enabled: true } } };
const rollout = { enabled: true, prometheusAddress: 'http://prometheus:9090' };

/** What is wrong, the values, and what the message must say. */
const REFUSED = [
  ['a misspelt value', { replicas: 3 }, /'replicas' not allowed/],
  [
    'a variable with a unit',
    { config: { MAX_IMAGE_BYTES: '10MB' } },
    /at '\/config\/MAX_IMAGE_BYTES': '10MB' does not match/,
  ],
  ['a variable out of its range', { config: { TOP_K_PREDICTIONS: 0 } }, /at '\/config\/TOP_K_PREDICTIONS': .*want 1/],
  [
    'a word that is not on the list',
    { config: { LOAD: 'none' } },
    /at '\/config\/LOAD': value must be one of 'routed'/,
  ],
  ['a misspelt variable', { config: { LOG_LEVL: 'debug' } }, /at '\/config': .*'LOG_LEVL' not allowed/],
  [
    'a variable that the chart sets',
    { config: { MODEL_REGISTRY: '/models' } },
    /at '\/config': .*'MODEL_REGISTRY' not allowed/,
  ],
  [
    'signatures that nothing can be checked by',
    { registry: { signatures: { required: true } } },
    /there is no public key .* registry\.signatures\.configMap/,
  ],
  [
    'keys in two places',
    { registry: { signatures: { configMap: 'keys', secret: 'keys' } } },
    /exclude each other: put all public keys/,
  ],
  [
    'a path that the chart sets',
    { config: { MODEL_PUBLIC_KEYS: '/keys' } },
    /at '\/config': .*'MODEL_PUBLIC_KEYS' not allowed/,
  ],
  ['a text for a number', { replicaCount: 'three' }, /replicaCount.*got string, want integer/s],
  ['a port that there is not', { service: { port: 70000 } }, /service\/port.*70,?000/s],
  ['an image digest that is none', { image: { digest: 'sha256:abc' } }, /image\/digest/],
  ['a memory size with a wrong unit', { resources: { limits: { memory: '1GB' } } }, /resources\/limits\/memory/],
  ['a key instead of its digest', { auth: { adminKeyDigests: ['eyrie_secret'] } }, /auth\/adminKeyDigests\/0/],
  ['pods as root', { podSecurityContext: { runAsNonRoot: false } }, /podSecurityContext\/runAsNonRoot.*true/s],
  [
    'more pods at least than at most',
    { autoscaling: { minReplicas: 9 } },
    /minReplicas \(9\) is more than .*maxReplicas \(5\)/,
  ],
  [
    'a scaling policy without its period',
    { autoscaling: { behavior: { scaleUp: { policies: [{ type: 'Pods', value: 4 }] } } } },
    /behavior\/scaleUp\/policies\/0.*periodSeconds/,
  ],
  ['autoscaling by nothing', { autoscaling: { targetCPU: 0, targetMemory: 0 } }, /autoscaling has nothing to go by/],
  [
    'KEDA that knows no Prometheus',
    { autoscaling: { type: 'keda', requestsWaiting: { enabled: true } } },
    /set autoscaling\.prometheusAddress/,
  ],
  ['weights that are not 100', split([90, 20]), /add up to 110; they must add up to 100/],
  ['a negative weight', split([110, -10]), /variants\/1\/weight/],
  ['a variant of an unknown alias', split([50, 50], { aliases: { champion: 2 } }), /"challenger", which is no alias/],
  ['an alias that names no version', split([100], { aliases: { champion: 'two' } }), /aliases\/champion/],
  ['a policy without a default', split([100], { default: '' }), /traffic\/default/],
  [
    'a guard of nobody',
    { ...split([90, 10], { guard: { ...guard, variant: 'nobody' } }), ...volume },
    /watches "nobody"/,
  ],
  ['half a guard', { ...split([90, 10], { guard: { variant: 'arm1' } }), ...volume }, /traffic\/guard/],
  ['a guard that cannot write', split([90, 10], { guard }), /set registry\.persistence\.enabled/],
  [
    'a policy for a read-only volume',
    { ...split([90, 10]), registry: { persistence: { enabled: true, readOnly: true } } },
    /put policy\.json into the volume/,
  ],
  [
    'two ways to split: policy and canary',
    { ...split([100]), canary: { enabled: true }, httpRoute: gateway },
    /canary\/enabled/,
  ],
  ['two ways to split: policy and rollout', { ...split([100]), rollout }, /rollout\/enabled/],
  [
    'two ways to split: canary and rollout',
    { canary: { enabled: true }, rollout, httpRoute: gateway },
    /rollout\/enabled/,
  ],
  ['a canary without a route', { canary: { enabled: true } }, /httpRoute\/enabled/],
  [
    'a version for a canary that shares a volume',
    { canary: { enabled: true, version: 3 }, httpRoute: gateway, ...volume },
    /canary\.existingClaim/,
  ],
  ['a rollout without Prometheus', { rollout: { enabled: true } }, /rollout\/prometheusAddress/],
  ['a route to nowhere', { httpRoute: { enabled: true } }, /httpRoute\/parentRefs/],
  ['runbooks that are not at a URL', { metrics: { prometheusRule: { runbooks: 'docs' } } }, /runbooks/],
  ['an ingress for nobody', { ingress: { enabled: true } }, /ingress\.hosts is empty/],
  [
    'a node port of a Service that has none',
    { service: { nodePort: 30080 } },
    /service\.type NodePort and LoadBalancer/,
  ],
  [
    'source ranges without a load balancer',
    { service: { loadBalancerSourceRanges: ['10.0.0.0/8'] } },
    /it is ClusterIP/,
  ],
  ['a label that is a selector', { commonLabels: { 'app.kubernetes.io/name': 'mine' } }, /commonLabels/],
  [
    'several pods on a volume for one node',
    { registry: { persistence: { enabled: true, accessModes: ['ReadWriteOnce'] } } },
    /use ReadWriteMany, or one pod/,
  ],
  ['backups of the image', { backup: { enabled: true } }, /backed up with the image/],
  ['no backup that is kept', { backup: { enabled: true, keep: 0 }, ...volume }, /backup\/keep/],
  ['a schedule that is none', { backup: { enabled: true, schedule: 'nightly' }, ...volume }, /backup\/schedule/],
  [
    'a backup of a volume for one pod',
    {
      backup: { enabled: true },
      ...{
        autoscaling: { enabled: false },
        registry: { persistence: { enabled: true, accessModes: ['ReadWriteOncePod'] } },
      },
    },
    /ReadWriteOncePod/,
  ],
  [
    'backups in two places',
    {
      backup: { enabled: true, persistence: { existingClaim: 'a' }, volume: { nfs: { server: 'b', path: '/' } } },
      ...volume,
    },
    /two places for the backups/,
  ],
  ['a claim that is not used', { registry: { persistence: { existingClaim: 'models' } } }, /it would not be used/],
  ['keys required, and none there', { config: { PREDICT_AUTH: 'required' } }, /set auth\.existingSecret or/],
  [
    'keys in two places',
    { auth: { existingSecret: 'keys', predictKeyDigests: ['0'.repeat(64)] } },
    /exclude each other: put the digests into the Secret/,
  ],
];

/** @returns what was checked */
export async function checkRefusals() {
  const helm = await client('helm');
  const folder = mkdtempSync(join(tmpdir(), 'eyrie-values-'));
  const problems = [];
  try {
    for (const [what, values, message] of REFUSED) {
      const file = join(folder, 'values.yaml');
      writeFileSync(file, stringify(values));
      const { status, stderr } = spawnSync(helm, ['template', 'eyrie', chart, '-f', file], { encoding: 'utf8' });
      if (status === 0) problems.push(`accepted: ${what}`);
      else if (!message.test(stderr)) problems.push(`${what}: the message does not match ${message}: ${stderr}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return `${REFUSED.length} bad values are refused, each with a message that names it`;
}
