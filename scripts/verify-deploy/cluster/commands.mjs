// The commands of a cluster, of one version of Kubernetes, compiled from its Go modules: no image and no download page is needed.
import { chmodSync, copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cache, goModule, once, output } from '../cache.mjs';

const PACKAGES = {
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
  kubectl: 'k8s.io/kubernetes/cmd/kubectl',
  // In the version that this Kubernetes is tested with.
  etcd: 'go.etcd.io/etcd/server/v3',
};

/** Compiles a command unless the cache has it. @param name of PACKAGES @param version of Kubernetes @returns its path */
export async function clusterCommand(name, version) {
  const folder = await buildFolder(version);
  return once(join(folder, name), `compiling ${name} of Kubernetes ${version} (minutes)`, (path) => {
    // Kubernetes parses its own version, and without one it thinks that it is v0.0.0.
    const [major, minor] = version.split('.');
    const stamped = { gitVersion: `v${version}`, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' };
    const flags = Object.entries(stamped).map(([key, value]) => `-X k8s.io/component-base/version.${key}=${value}`);
    const options = ['-mod=mod', '-trimpath', '-buildvcs=false', '-ldflags', ['-s', '-w', ...flags].join(' ')];
    // Under its name only when it is whole: whoever interrupts this does not find half a command the next time.
    output('go', ['build', ...options, '-o', `${path}.draft`, PACKAGES[name]], { cwd: folder });
    renameSync(`${path}.draft`, path);
  });
}

/**
 * A module that requires Kubernetes. Kubernetes takes its libraries (k8s.io/api …) from folders beside it, which its published
 * module has not; here they are the published modules of the same version.
 */
function buildFolder(version) {
  const folder = join(cache, `kubernetes-${version}`);
  return once(folder, `a Go module for Kubernetes ${version}`, () => {
    const source = goModule(`k8s.io/kubernetes@v${version}`);
    const published = `v0.${version.split('.').slice(1).join('.')}`;
    const theirs = readFileSync(join(source, 'go.mod'), 'utf8');
    const ours = theirs
      .replace(/^module .*/m, `module cluster\n\nrequire k8s.io/kubernetes v${version}`)
      .replaceAll(/=> \.\/staging\/src\/(\S+)/g, `=> $1 ${published}`)
      .replaceAll(/ v0\.0\.0$/gm, ` ${published}`);
    const draft = `${folder}.draft`;
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft);
    writeFileSync(join(draft, 'go.mod'), ours);
    copyFileSync(join(source, 'go.sum'), join(draft, 'go.sum'));
    // Go's module cache is read-only, and Go adds the sums of the libraries here.
    chmodSync(join(draft, 'go.sum'), 0o644);
    renameSync(draft, folder);
  });
}
