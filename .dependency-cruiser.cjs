// What each library may import of the others; what is not named here may import none.
const LIBRARIES = {
  core: [],
  validation: [],
  onnx: [],
  cache: ['core'],
  inference: ['core'],
  tasks: ['core', 'inference', 'validation'],
  registry: ['core', 'inference', 'tasks', 'validation'],
  routing: ['core', 'inference', 'registry'],
  authoring: ['core', 'inference', 'onnx', 'registry', 'tasks', 'validation'],
};

// The same of the server's own rooms. Files beside them (configuration, log, what puts the application together) are free.
const ROOMS = {
  tracing: [],
  http: ['tracing'],
  log: ['http'],
  auth: ['http'],
  metrics: ['http'],
  libraries: ['metrics'],
  inputs: ['tracing'],
  overload: ['http', 'libraries'],
  serving: ['auth', 'http', 'libraries', 'metrics', 'overload', 'tracing'],
  grpc: ['auth', 'health', 'http', 'inputs', 'log', 'metrics', 'overload', 'serving', 'tracing'],
  dialects: ['auth', 'grpc', 'health', 'http', 'inputs', 'libraries', 'metrics', 'overload', 'serving'],
  pages: [],
  console: ['auth', 'http', 'libraries', 'pages'],
  control: ['auth', 'http', 'inputs', 'libraries'],
  health: ['auth', 'http', 'libraries'],
  'metrics-endpoint': ['auth', 'http', 'libraries', 'log', 'metrics', 'overload'],
  stats: ['auth', 'http', 'libraries', 'metrics'],
  openapi: ['control', 'dialects', 'http', 'pages'],
};

/** One rule for each folder below `parent`: it may import itself and the folders that are named for it. */
function arrows(parent, allowed) {
  return Object.entries(allowed).map(([folder, others]) => ({
    name: `arrows-of-${folder}`,
    severity: 'error',
    from: { path: `^${parent}${folder}/`, pathNot: 'spec\\.ts$' },
    to: { path: `^${parent}[^/]+/`, pathNot: `^${parent}(${[folder, ...others].join('|')})/` },
  }));
}

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
    ...arrows('libs/', LIBRARIES),
    ...arrows('apps/server/src/', ROOMS),
    {
      name: 'dialects-know-only-themselves',
      comment: 'What two of them need is in serving/ or inputs/.',
      severity: 'error',
      from: { path: '^apps/server/src/dialects/([^/]+)/' },
      to: { path: '^apps/server/src/dialects/', pathNot: '^apps/server/src/dialects/$1/' },
    },
    {
      name: 'libraries-through-their-door',
      comment: 'Import "#inference", not a file inside it. What runs in a worker has a door of its own.',
      severity: 'error',
      from: { path: '^(apps|libs)/([^/]+)/', pathNot: 'spec\\.ts$' },
      to: { path: '^libs/([^/]+)/src/(?!index\\.ts$|nest\\.ts$|worker/index\\.ts$)', pathNot: '^$1/$2/' },
    },
    {
      name: 'scripts-know-no-bench',
      comment: 'The benchmarks use what starts and prepares the server, not the other way round.',
      severity: 'error',
      from: { path: '^(scripts|apps|libs)/' },
      to: { path: '^bench/' },
    },
    {
      name: 'product-knows-no-workshop',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: 'spec\\.ts$' },
      to: { path: '^(scripts|bench|testing|monitoring)/' },
    },
    {
      name: 'pixels-and-models-stay-in-the-worker',
      comment: 'A hostile image or a native crash must cost a worker, never the process that answers HTTP.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: '/worker/|spec\\.ts$' },
      to: { path: 'node_modules/(onnxruntime-node|onnxruntime-common|sharp)/|^libs/.*/worker/' },
    },
    {
      name: 'tasks-by-their-interface',
      comment: 'Queue, pool, routing, cache and metrics know no task in particular; the registry has the list of them.',
      severity: 'error',
      from: {
        path: '^libs/(inference|routing|cache)/|^apps/server/src/(?!dialects/|libraries/)|^libs/registry/',
        pathNot: 'spec\\.ts$|^libs/registry/src/versions/manifest\\.ts$',
      },
      to: { path: '^libs/tasks/' },
    },
    {
      name: 'the-server-brings-no-models-in',
      comment: 'That is the business of the command line; what it takes need not be in the memory of a server.',
      severity: 'error',
      from: { path: '^apps/server/src/', pathNot: 'spec\\.ts$' },
      to: { path: '^libs/(authoring|onnx)/', reachable: true },
    },
    {
      name: 'protocol-buffers-for-grpc-alone',
      comment: 'Where gRPC is off, no library for them is loaded.',
      severity: 'error',
      from: { path: '^apps/server/src/', pathNot: 'spec\\.ts$|^apps/server/src/(grpc|dialects/[^/]+/grpc)/' },
      to: { path: 'node_modules/protobufjs/' },
    },
    {
      name: 'grpc-is-loaded-when-it-is-on',
      comment: 'By import(): what it takes need not be in the memory of a server without it.',
      severity: 'error',
      from: { path: '^apps/server/src/', pathNot: 'spec\\.ts$|^apps/server/src/dialects/[^/]+/grpc/' },
      to: {
        path: '^apps/server/src/(dialects/[^/]+/grpc/|grpc/(stage|http2-server|health-service|reflection-service)\\.ts$)',
        dynamic: false,
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'the-command-line-loads-no-nest',
      comment: 'It takes as long to load as all the rest. Libraries have a door of their own for Nest.',
      severity: 'error',
      from: { path: '^apps/cli/src/', pathNot: 'spec\\.ts$' },
      to: { path: 'node_modules/@nestjs/', reachable: true },
    },
    {
      name: 'pure-rooms-know-no-nest',
      comment: 'Only the module at the door of a library may.',
      severity: 'error',
      from: { path: '^libs/', pathNot: '\\.module\\.ts$|spec\\.ts$' },
      to: { path: 'node_modules/@nestjs/' },
    },
    {
      name: 'requests-are-taken-on-without-express',
      comment: 'A refusal must cost little, and another protocol has no Express.',
      severity: 'error',
      from: { path: '^apps/server/src/(http|serving)/', pathNot: 'http/problem\\.filter\\.ts$' },
      to: { path: 'node_modules/(@types/)?express/' },
    },
    {
      name: 'opentelemetry-stays-in-tracing',
      comment: 'It is loaded only where traces are switched on; everything else knows tracing.ts.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: '^apps/server/src/tracing/(otlp-tracing|request-span)\\.ts$' },
      to: { path: 'node_modules/@opentelemetry/' },
    },
    {
      name: 'no-orphans',
      comment:
        'What is compiled to WebAssembly is loaded as a file, and what Jest loads before each test by its configuration.',
      severity: 'error',
      from: { orphan: true, pathNot: 'main\\.ts$|\\.d\\.ts$|spec\\.ts$|^libs/tasks/wasm/|^testing/equal-bytes\\.ts$' },
      to: {},
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: { pathNot: '^scripts/verify-clients/client\\.mts$' },
      to: { couldNotResolve: true },
    },
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
