/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'libs-know-no-apps',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^apps/' },
    },
    {
      name: 'apps-know-only-themselves',
      comment: 'The server and the command line share libraries, not code of each other.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'inference-is-at-the-bottom',
      severity: 'error',
      from: { path: '^libs/inference/' },
      to: { path: '^libs/(cache|registry|routing|validation)/' },
    },
    {
      name: 'registry-knows-no-routing',
      severity: 'error',
      from: { path: '^libs/registry/' },
      to: { path: '^libs/routing/' },
    },
    {
      name: 'cache-knows-only-inference',
      comment: 'What it keeps, and for whom, is said by its caller.',
      severity: 'error',
      from: { path: '^libs/cache/' },
      to: { path: '^libs/(?!cache|inference)' },
    },
    {
      name: 'registry-and-routing-know-no-cache',
      severity: 'error',
      from: { path: '^libs/(registry|routing)/' },
      to: { path: '^libs/cache/' },
    },
    {
      name: 'validation-stands-alone',
      severity: 'error',
      from: { path: '^libs/validation/' },
      to: { path: '^libs/(?!validation)' },
    },
    {
      name: 'libraries-through-their-door',
      comment: 'Import "#inference", not a file inside it.',
      severity: 'error',
      from: { path: '^(apps|libs)/([^/]+)/', pathNot: 'spec\\.ts$' },
      to: { path: '^libs/([^/]+)/src/(?!index\\.ts$)', pathNot: '^$1/$2/' },
    },
    {
      name: 'pixels-and-models-stay-in-the-worker',
      comment: 'A hostile image or a native crash must cost a worker, never the process that answers HTTP.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: '^libs/inference/src/worker/|spec\\.ts$' },
      to: { path: 'node_modules/(onnxruntime-node|onnxruntime-common|sharp)/|^libs/inference/src/worker/' },
    },
    {
      name: 'pure-rooms-know-no-nest',
      comment: 'Only the module at the door of a library may.',
      severity: 'error',
      from: { path: '^libs/', pathNot: '\\.module\\.ts$|spec\\.ts$' },
      to: { path: 'node_modules/@nestjs/' },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: 'main\\.ts$|\\.d\\.ts$|spec\\.ts$' },
      to: {},
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'dev-dependencies-in-tests-only',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: 'spec\\.ts$' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg'], pathNot: 'node_modules/@types/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
