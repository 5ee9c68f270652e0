// The step `autoscaling`: real servers under real load, scraped by a real Prometheus, and what the autoscaler of a real cluster makes of
// that. It is told by prometheus-adapter, with the rule that users get.
import assert from 'node:assert/strict';
import { prepare } from '../../prepare.mjs';
import { createNamespace } from '../cluster/admission.mjs';
import { withCluster } from '../cluster/cluster.mjs';
import { crdFiles, define } from '../cluster/definitions.mjs';
import { goTool } from '../tools.mjs';
import { KUBERNETES } from '../versions.mjs';
import { withPods } from './pods.mjs';
import { requestsWaiting, startPrometheusAdapter } from './prometheus-adapter.mjs';
import { Release } from './release.mjs';
import { startPrometheus } from './scraping.mjs';

const NAMESPACE = 'autoscaling';
/** How often an autoscaler looks where nobody has said otherwise. */
const PERIOD_S = 15;
/** As the chart's page has it. */
const UP_WITHIN_S = 30;
/** What a busy machine takes until the clients send, and until kubectl has seen it. */
const SLACK_S = 5;
/** The chart's default: more than so many waiting in each pod are too many. */
const TARGET = 8;
const QUEUE = { requestsWaiting: { enabled: true } };
/** By CPU and memory the chart goes as well, but there is no metrics-server here. */
const QUEUE_ALONE = { ...QUEUE, targetCPU: 0, targetMemory: 0 };

/** @returns what was checked */
export function checkPrometheusAdapter() {
  return underLoad(async ({ release, prometheus }) => {
    release.helm('install', QUEUE);
    await release.scraped(2);
    await startPrometheusAdapter(release.cluster, prometheus.url);
    const each = release.pods.all().map(({ pod }) => [pod, '0']);
    assert.deepEqual(requestsWaiting(release.cluster, NAMESPACE), Object.fromEntries(each));
    const up = await goesUp(release);
    release.rest();
    await release.waiting('stable', (count) => count === 0);
    // What is missing might be what the second pod is needed for.
    await release.stays(2, 2 * PERIOD_S);
    assert(!release.isActive(), 'the autoscaler says that all is well while it lacks CPU and memory');
    release.helm('upgrade', QUEUE_ALONE);
    await release.becomes(1);
    return `by prometheus-adapter ${up}; afterwards one went, but not while other metrics were missing`;
  });
}

async function underLoad(use) {
  prepare();
  // Nothing of a cluster should run while it is compiled.
  await goTool('prometheus-adapter');
  const checkOn = async (cluster) => {
    const routes = crdFiles().filter((file) => file.endsWith('_httproutes.yaml'));
    await define(cluster, routes);
    createNamespace(cluster, NAMESPACE);
    const { prometheus, scrape } = await startPrometheus(cluster);
    return withPods(cluster, NAMESPACE, scrape, async (pods) => {
      const release = new Release(cluster, NAMESPACE, pods, prometheus);
      try {
        return `Kubernetes ${KUBERNETES.newest}: ${await use({ release, prometheus, scrape })}`;
      } finally {
        release.rest();
      }
    });
  };
  return withCluster(KUBERNETES.newest, checkOn, { autoscalerPeriod: `${PERIOD_S}s` });
}

async function goesUp(release) {
  await release.says((count) => count === 0);
  release.load('stable');
  const seconds = await release.becomes(2);
  assert(seconds <= UP_WITHIN_S + SLACK_S, `the second pod came ${seconds} s after the load`);
  assert(release.isActive(), 'the autoscaler says that it cannot do its work');
  await release.scraped(3);
  const count = await release.says((count) => count > TARGET / 2 && count <= TARGET);
  await release.stays(2, PERIOD_S);
  return `one pod became two ${seconds} s after the load, and no more, with ${count} requests waiting in each`;
}
