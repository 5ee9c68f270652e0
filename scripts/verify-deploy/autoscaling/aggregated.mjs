// API servers of metrics: they run beside the cluster's own, on loopback, and it passes requests for their group on to them.
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { quiet } from '../cluster/cluster.mjs';
import { isTrue } from '../cluster/definitions.mjs';

/** Starts a process with an administrator's rights in the cluster, with which it ends. Its log is with the cluster's. */
export function startBeside(cluster, name, command, args, env) {
  const log = openSync(join(cluster.folder, `${name}.log`), 'w');
  cluster.children.push(
    spawn(command, args, {
      ...{ stdio: ['ignore', log, log], cwd: cluster.folder },
      env: { PATH: process.env.PATH, HOME: join(cluster.folder, 'home'), KUBECONFIG: kubeconfig(cluster), ...env },
    }),
  );
  closeSync(log);
}

/** What such a server is told: where it listens, and that the cluster says who asks and what they may. */
export function servingFlags(cluster, port) {
  return [
    ...['--bind-address=127.0.0.1', `--secure-port=${port}`],
    ...['lister', 'authentication', 'authorization'].map((name) => `--${name}-kubeconfig=${kubeconfig(cluster)}`),
  ];
}

/** Has the cluster pass on what is asked of a group. @param apiVersion such as custom.metrics.k8s.io/v1beta1 */
export async function register(cluster, apiVersion, { namespace, service, port }) {
  const [group, version] = apiVersion.split('/');
  const name = `${version}.${group}`;
  const spec = { group, version, groupPriorityMinimum: 100, versionPriority: 100 };
  const items = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    {
      ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: service, namespace } },
      // Without nodes no Service has an address.
      spec: { type: 'ExternalName', externalName: 'localhost' },
    },
    {
      ...{ apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', metadata: { name } },
      spec: { ...spec, insecureSkipTLSVerify: true, service: { name: service, namespace, port } },
    },
  ];
  quiet(cluster.kubectl(['apply', '-f', '-'], { apiVersion: 'v1', kind: 'List', items }));
  await cluster.until(`${name} is available`, () =>
    cluster.list('apiservices').some((one) => one.metadata.name === name && isTrue(one, 'Available')),
  );
}

function kubeconfig(cluster) {
  return join(cluster.folder, 'kubeconfig');
}
