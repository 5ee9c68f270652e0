// KEDA: its operator, which makes an autoscaler of a ScaledObject and asks Prometheus, and its metrics server, which asks the
// operator for the autoscaler. Its webhooks, which only refuse, are not here.
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '../../free-ports.mjs';
import { goModule } from '../cache.mjs';
import { define } from '../cluster/definitions.mjs';
import { goTool } from '../tools.mjs';
import { KEDA } from '../versions.mjs';
import { register, servingFlags, startBeside } from './aggregated.mjs';

const NAMESPACE = 'keda';

export async function startKeda(cluster) {
  const definitions = join(goModule(KEDA), 'config/crd/bases');
  await define(
    cluster,
    readdirSync(definitions).map((name) => join(definitions, name)),
  );
  const certificates = join(cluster.folder, 'keda');
  writeCertificates(cluster.authority, certificates);
  const [metrics, grpc] = await freePorts(2);
  const env = { WATCH_NAMESPACE: '', POD_NAMESPACE: NAMESPACE, KEDA_CLUSTER_OBJECT_NAMESPACE: NAMESPACE };
  startBeside(
    cluster,
    'keda-operator',
    await goTool('keda-operator'),
    [
      ...[`--cert-dir=${certificates}`, `--metrics-service-bind-address=127.0.0.1:${grpc}`],
      ...['--enable-prometheus-metrics=false', '--health-probe-bind-address=0'],
    ],
    env,
  );
  startBeside(
    cluster,
    'keda-metrics-adapter',
    await goTool('keda-metrics-adapter'),
    [
      ...[`--metrics-service-address=localhost:${grpc}`, '--port=0', `--cert-dir=${certificates}`],
      ...[`--tls-cert-file=${certificates}/tls.crt`, `--tls-private-key-file=${certificates}/tls.key`],
      ...servingFlags(cluster, metrics),
    ],
    env,
  );
  const service = { namespace: NAMESPACE, service: 'keda-metrics-apiserver', port: metrics };
  await register(cluster, 'external.metrics.k8s.io/v1beta1', service);
}

/** Operator and metrics server each want to see that the other's is signed by the same authority. */
function writeCertificates(authority, folder) {
  const { certificate, key } = authority.sign('keda-operator');
  mkdirSync(folder);
  const files = { 'ca.crt': authority.certificate, 'tls.crt': certificate, 'tls.key': key };
  for (const [name, path] of Object.entries(files)) copyFileSync(path, join(folder, name));
}
