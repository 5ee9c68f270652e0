// A Kubernetes cluster without nodes: etcd, the API server and the controllers, on this machine's loopback. What is created is
// admitted, stored and reconciled as anywhere; pods come into being, but no scheduler gives them a node.
import { spawn, spawnSync } from 'node:child_process';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, openSync, closeSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from '../../free-ports.mjs';
import { client } from '../tools.mjs';
import { Authority } from './certificates.mjs';
import { clusterCommand } from './commands.mjs';

/** Those that make something of what the chart and k8s/ create. */
const CONTROLLERS = [
  ...['deployment', 'replicaset', 'horizontal-pod-autoscaler', 'disruption'],
  ...['serviceaccount', 'namespace', 'garbage-collector', 'persistentvolumeclaim-protection'],
].map((name) => `${name}-controller`);

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Runs `use` with a cluster of a version of Kubernetes; whatever happens, nothing of it is left.
 * @param autoscalerPeriod how often the autoscaler looks; where nobody measures how fast it is, often
 */
export async function withCluster(version, use, { autoscalerPeriod = '1s' } = {}) {
  const cluster = new Cluster(version, autoscalerPeriod);
  // A process that is ended does not come to its `finally`.
  const endNow = () => cluster.endNow();
  const interrupted = () => process.exit(130);
  process.on('exit', endNow);
  for (const signal of SIGNALS) process.on(signal, interrupted);
  try {
    await cluster.start();
    return await use(cluster);
  } finally {
    await cluster.stop();
    process.off('exit', endNow);
    for (const signal of SIGNALS) process.off(signal, interrupted);
  }
}

class Cluster {
  /** In the order in which they were started. */
  children = [];
  names = [];
  folder = mkdtempSync(join(tmpdir(), 'eyrie-cluster-'));

  constructor(version, autoscalerPeriod) {
    this.version = version;
    this.autoscalerPeriod = autoscalerPeriod;
  }

  async start() {
    this.tools = { helm: await client('helm'), kubectl: await clusterCommand('kubectl', this.version) };
    this.authority = new Authority(join(this.folder, 'authority'));
    const [etcd, peer, api, metrics] = await freePorts(4);
    const key = join(this.folder, 'service-accounts.key');
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    writeFileSync(key, privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 });
    const token = randomUUID();
    writeFileSync(join(this.folder, 'tokens.csv'), `${token},admin,admin,"system:masters"\n`, { mode: 0o600 });

    await this.run('etcd', [
      ...[`--data-dir=${join(this.folder, 'etcd')}`, '--unsafe-no-fsync', '--log-level=warn'],
      ...[`--listen-client-urls=http://127.0.0.1:${etcd}`, `--advertise-client-urls=http://127.0.0.1:${etcd}`],
      ...[`--listen-peer-urls=http://127.0.0.1:${peer}`, `--initial-advertise-peer-urls=http://127.0.0.1:${peer}`],
      `--initial-cluster=default=http://127.0.0.1:${peer}`,
    ]);
    await this.run('kube-apiserver', [
      ...[`--etcd-servers=http://127.0.0.1:${etcd}`, `--cert-dir=${join(this.folder, 'certificates')}`],
      // There may be no address but loopback, which Kubernetes takes for no Service.
      ...['--bind-address=127.0.0.1', '--advertise-address=127.0.0.1', '--endpoint-reconciler-type=none'],
      ...[`--secure-port=${api}`, '--service-cluster-ip-range=10.96.0.0/16', '--authorization-mode=RBAC'],
      ...[`--token-auth-file=${join(this.folder, 'tokens.csv')}`, `--service-account-key-file=${key}`],
      ...[`--service-account-signing-key-file=${key}`, '--service-account-issuer=https://kubernetes.default.svc'],
      // As clusters have it, or it would refuse a privileged pod before the Pod Security Standard is asked.
      '--allow-privileged',
      ...this.aggregation(),
    ]);
    this.port = api;
    const settings = this.writeKubeconfig('kubeconfig', token);
    await this.until('the API server is ready', () => this.kubectl(['get', '--raw=/readyz']).stdout === 'ok');
    await this.run('kube-controller-manager', [
      ...[`--kubeconfig=${settings}`, `--service-account-private-key-file=${key}`],
      ...['--bind-address=127.0.0.1', `--secure-port=${metrics}`, `--cert-dir=${join(this.folder, 'certificates')}`],
      ...['--leader-elect=false', `--controllers=${CONTROLLERS}`],
      `--horizontal-pod-autoscaler-sync-period=${this.autoscalerPeriod}`,
    ]);
  }

  /** So that other API servers, to which this one passes requests on, know it, and believe it who has asked. */
  aggregation() {
    const { certificate, key } = this.authority.sign('front-proxy-client');
    return [
      ...[`--proxy-client-cert-file=${certificate}`, `--proxy-client-key-file=${key}`],
      ...['client-ca-file', 'requestheader-client-ca-file'].map((flag) => `--${flag}=${this.authority.certificate}`),
      ...['--requestheader-allowed-names=front-proxy-client', '--requestheader-username-headers=X-Remote-User'],
      ...['--requestheader-group-headers=X-Remote-Group', '--requestheader-extra-headers-prefix=X-Remote-Extra-'],
    ];
  }

  async run(name, args) {
    this.runCommand(name, await clusterCommand(name, this.version), args);
  }

  /**
   * Starts a process that belongs to the cluster and ends with it. It writes to a file, not a pipe: nobody would read that while a
   * command is waited for, and its writer would stop.
   */
  runCommand(name, command, args) {
    const log = openSync(join(this.folder, `${name}.log`), 'w');
    this.children.push(spawn(command, args, { stdio: ['ignore', log, log], cwd: this.folder }));
    this.names.push(name);
    closeSync(log);
  }

  /** @returns the file of settings by which whoever has the token gets in */
  writeKubeconfig(name, token) {
    const file = join(this.folder, name);
    writeFileSync(file, kubeconfig(this.port, token), { mode: 0o600 });
    return file;
  }

  async stop() {
    for (const child of this.children.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      const impatient = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await ended;
      clearTimeout(impatient);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  endNow() {
    for (const child of this.children) child.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }

  /** Runs kubectl with the rights of an administrator. @returns how it ended, and what it printed */
  kubectl(args, input) {
    return this.command('kubectl', args, input);
  }

  helm(args) {
    return this.command('helm', args);
  }

  /** Nothing of the user's own settings counts, and nothing is left in the home directory. */
  command(tool, args, input) {
    const home = join(this.folder, 'home');
    mkdirSync(home, { recursive: true });
    const env = { PATH: process.env.PATH, HOME: home, KUBECONFIG: join(this.folder, 'kubeconfig') };
    const { status, stdout, stderr, error } = spawnSync(this.tools[tool], args, {
      ...{ encoding: 'utf8', maxBuffer: 1 << 28, timeout: 120_000, env },
      ...(input !== undefined && { input: typeof input === 'string' ? input : JSON.stringify(input) }),
    });
    return { status, stdout, stderr: `${stderr}${error ?? ''}`, said: `${tool} ${args.join(' ')}` };
  }

  /** @param namespace none for kinds that are in none @returns the objects of some kinds */
  list(kinds, namespace) {
    const place = namespace ? ['-n', namespace] : [];
    return JSON.parse(quiet(this.kubectl(['get', kinds, ...place, '-o', 'json']))).items;
  }

  /** Waits for at most two minutes. @throws Error with the last lines of every process when `condition` stays untrue */
  async until(what, condition) {
    for (const end = performance.now() + 120_000; performance.now() < end; await sleep(250)) {
      if (condition()) return;
      if (this.children.some(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null)) break;
    }
    const logs = this.names.map((name) => this.lastLines(name));
    throw new Error(`never came true: ${what}\n${logs.filter(Boolean).join('\n')}`);
  }

  lastLines(name) {
    try {
      return `${name}: ${readFileSync(join(this.folder, `${name}.log`), 'utf8')
        .split('\n')
        .slice(-8)
        .join('\n')}`;
    } catch {
      return '';
    }
  }
}

/** Succeeded, without a word on stderr: there an API server's warnings are shown. @returns what was printed */
export function quiet({ status, stdout, stderr, said }) {
  if (status !== 0 || stderr.trim() !== '') throw new Error(`${said}: ended with ${status}\n${stderr}`);
  return stdout;
}

/** The API server signs its own certificate, and that is all there is to know it by. */
function kubeconfig(port, token) {
  return JSON.stringify({
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'test' },
    clusters: [
      {
        name: 'test',
        cluster: { server: `https://127.0.0.1:${port}`, 'certificate-authority': 'certificates/apiserver.crt' },
      },
    ],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
  });
}
