// k8s/ and the chart are two ways to the same pods: what they say of them must not drift apart.
import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { output } from './cache.mjs';
import { chart, render } from './manifests.mjs';
import { client } from './tools.mjs';
import { KUBERNETES } from './versions.mjs';

/** The names that each gives to its objects. */
const NAMELESS = /eyrie(-seed|-registry)?(-[a-z0-9]{10})?\b/g;

/** @returns what was compared */
export async function checkSameness() {
  const helm = await client('helm');
  const flags = ['-n', 'eyrie', '--set', 'registry.persistence.enabled=true'];
  const fromChart = objects(output(helm, ['template', 'eyrie', chart, ...flags, '--kube-version', KUBERNETES.newest]));
  const folder = await render(KUBERNETES.newest);
  const fromBase = objects(readFileSync(join(folder, 'k8s-base.yaml'), 'utf8'));
  const fromProduction = objects(readFileSync(join(folder, 'k8s-overlays-production.yaml'), 'utf8'));
  rmSync(folder, { recursive: true, force: true });

  const pods = (all) => {
    const { spec } = all.Deployment;
    const { initContainers, containers, volumes, ...pod } = spec.template.spec;
    // The base offers a place for keys that the chart has only when there are some.
    const envFrom = containers[0].envFrom.filter(({ secretRef }) => !secretRef?.optional);
    const nameless = JSON.stringify({ initContainers, containers: [{ ...containers[0], envFrom }], volumes });
    const images = nameless.replaceAll(NAMELESS, 'eyrie');
    const { topologySpreadConstraints, ...rest } = pod;
    const spread = topologySpreadConstraints.map((constraint) => ({ ...constraint, labelSelector: null }));
    return { strategy: spec.strategy, containers: JSON.parse(images), spread, ...rest };
  };
  assert.deepEqual(pods(fromBase), pods(fromChart));
  const scaling = ({ HorizontalPodAutoscaler: { spec } }) => spec;
  assert.deepEqual(scaling(fromBase), scaling(fromChart));
  const rules = ({ NetworkPolicy: { spec } }) => [spec.ingress, spec.egress];
  assert.deepEqual(rules(fromBase), rules(fromChart));
  const budget = ({ PodDisruptionBudget: { spec } }) => ({ ...spec, selector: null });
  assert.deepEqual(budget(fromBase), budget(fromChart));
  const claim = ({ PersistentVolumeClaim: { spec } }) => spec;
  assert.deepEqual(claim(fromBase), claim(fromChart));
  const withBackups = ['template', 'eyrie', chart, ...flags, '--set', 'backup.enabled=true'];
  const job = ({ CronJob: { spec } }) => {
    const { spec: pod } = spec.jobTemplate.spec.template;
    return {
      ...spec,
      jobTemplate: JSON.parse(JSON.stringify(pod).replaceAll(/(?<=claimName":")[\w-]*-(?=backups)/g, '')),
    };
  };
  assert.deepEqual(
    job(fromProduction),
    job(objects(output(helm, [...withBackups, '--kube-version', KUBERNETES.newest]))),
  );
  return 'the base in k8s/ and the chart describe the same pods, scaling, network rules, budget and claim, and the same backups';
}

/** The last object of each kind. */
function objects(text) {
  const all = parseAllDocuments(text).map((document) => document.toJS());
  return Object.fromEntries(all.filter(Boolean).map((object) => [object.kind, object]));
}
