// The step `rollouts`: Argo Rollouts takes the chart's Rollout through its canary, and back when Prometheus has measured that it must.
import assert from 'node:assert/strict';
import { prepare } from '../../prepare.mjs';
import { withCluster } from '../cluster/cluster.mjs';
import { KUBERNETES } from '../versions.mjs';
import { startArgoRollouts } from './controller.mjs';
import { withMeasuredPods } from './measured-pods.mjs';
import { PODS, Release } from './release.mjs';

/** Every metric that the chart has analysed. */
const METRICS = ['success-ratio', 'latency-p95', 'failed-models'];
/** So many clients at once that the server's queue has no room for some. */
const MORE_THAN_FIT = 48;

/** @returns what was checked */
export function checkRollouts() {
  prepare();
  return withCluster(KUBERNETES.newest, async (cluster) => {
    await startArgoRollouts(cluster);
    return withMeasuredPods(async (measured) => {
      const release = new Release(cluster, measured.url);
      return [
        await installs(release),
        await promotes(release, measured),
        await aborts(release, measured),
        await goesBack(release),
      ];
    });
  });
}

async function installs(release) {
  await release.bring('one', 'install');
  await release.healthy('one');
  return `Argo Rollouts and the autoscaler make ${PODS} pods of a Rollout, and it is healthy`;
}

async function promotes(release, measured) {
  await canary(release, 'two');
  await release.until('the canary is analysed without requests', () => measurements(release).length >= METRICS.length);
  assert.deepEqual(numbers(release), [], 'there are numbers, though there is no server');

  const server = await measured.add(release.pods('two')[0]);
  const stop = measured.load(server, 2);
  await release.until('every metric is measured three times', () => {
    return METRICS.every((name) => numbers(release, name).length >= 3);
  });
  const { status } = release.rollout();
  assert.equal(status.phase, 'Paused', status.message);
  release.promote();
  await release.healthy('two');
  assert.deepEqual(Object.keys(await stop()), ['200']);
  const { phase, metrics } = release.analysis();
  assert.equal(phase, 'Successful');
  for (const metric of metrics) assert.equal(metric.phase, 'Successful', metric.name);
  return 'a canary without requests is let be; one that serves well is promoted, with no pod missing meanwhile';
}

async function aborts(release, measured) {
  await canary(release, 'three');
  const [before] = measured.servers;
  const server = await measured.add(release.pods('three')[0]);
  const stops = [measured.load(before, 2), measured.load(server, MORE_THAN_FIT)];
  await release.until('the Rollout is aborted', ({ status }) => status.abort && status.phase === 'Degraded');
  const [fine, bad] = await Promise.all(stops.map((stop) => stop()));
  assert.deepEqual(Object.keys(fine), ['200']);
  assert(bad[503] > 0, `the answers were ${JSON.stringify(bad)}`);
  const { phase, metrics } = release.analysis();
  assert.equal(phase, 'Failed');
  const failed = metrics.filter((metric) => metric.phase === 'Failed').map(({ name }) => name);
  assert.deepEqual(failed, ['success-ratio']);
  await release.until('the pods of before are there alone', () => {
    return release.pods().length === PODS && release.pods('two').length === PODS;
  });
  assert.equal(release.servedBy('eyrie').length, PODS);
  return 'one that answers 5xx is taken back, though its neighbours do not, and the pods of before serve on';
}

/** The pods of before are there: nothing has to be tried once more. */
async function goesBack(release) {
  const before = names(release);
  const { count } = release.analysis();
  await release.rollback(2);
  await release.healthy('two');
  assert.deepEqual(names(release), before);
  assert.equal(release.analysis().count, count);
  release.uninstall();
  return 'helm rollback to the revision that serves makes the Rollout healthy again, without a new pod';
}

/** Waits until a fifth of the pods is new: as many of those who call the Service get to them. */
async function canary(release, revision) {
  await release.bring(revision);
  await release.until('the canary waits', ({ status }) => status.phase === 'Paused' && status.currentStepIndex === 1);
  assert.equal(release.pods(revision).length, PODS / 5);
  assert.equal(release.pods().length, PODS);
  assert.equal(release.servedBy('eyrie').length, PODS, 'the Service sends nothing to some pods');
}

function names(release) {
  return release
    .pods()
    .map(({ metadata }) => metadata.name)
    .sort();
}

function measurements(release, metric) {
  const { metrics } = release.analysis();
  return metrics.filter(({ name }) => !metric || name === metric).flatMap(({ measurements: all = [] }) => all);
}

/** Those measurements that have one: without requests there are none. */
function numbers(release, metric) {
  return measurements(release, metric).filter(({ value }) => /\d/.test(value));
}
