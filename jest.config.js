// NestJS 12 and some of what it pulls in are ES modules, which Jest cannot require on Node 20: swc turns them
// into CommonJS, together with our own TypeScript.
const esModules = [
  '@nestjs',
  'file-type',
  'strtok3',
  'token-types',
  '@tokenizer',
  'uint8array-extras',
  '@borewit',
  'load-esm',
];

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/apps', '<rootDir>/libs', '<rootDir>/testing', '<rootDir>/monitoring'],
  setupFilesAfterEnv: ['<rootDir>/testing/equal-bytes.ts'],
  testRegex: '\\.(e2e-)?spec\\.ts$',
  moduleNameMapper: {
    '^#(authoring|cache|core|inference|onnx|registry|routing|tasks|validation)$': '<rootDir>/libs/$1/src/index.ts',
    '^#(cache|inference|registry|routing)/nest$': '<rootDir>/libs/$1/src/nest.ts',
    '^#inference/worker$': '<rootDir>/libs/inference/src/worker/index.ts',
    '^#testing/(.*)$': '<rootDir>/testing/$1',
    // What is imported by import() has the name that it will have when it is compiled.
    '^(\\./(?:otlp-tracing|redis-store|pretty-lines))\\.js$': '$1',
    '^(\\./(?:grpc/)?(?:stage|http2-server|health-service|reflection-service|inference-service))\\.js$': '$1',
  },
  transform: {
    '^.+\\.(t|j|mj)s$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
          target: 'es2022',
        },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  transformIgnorePatterns: [`node_modules/(?!(${esModules.join('|')})/)`],
  collectCoverageFrom: ['apps/**/*.ts', 'libs/**/*.ts', '!**/*.spec.ts', '!**/*.e2e-spec.ts', '!**/index.ts'],
  coverageProvider: 'v8',
  // Worker processes are not seen by Jest: what runs in them alone counts as not covered.
  coverageThreshold: { './libs/': { lines: 90 }, './apps/': { lines: 70 } },
  // For what hangs: a machine that is busy with other things may take ten times as long as an idle one.
  testTimeout: 120_000,
  // Jest would leave one CPU free, which on two is to run one file after the other; while a file waits for a server, another one can work.
  maxWorkers: '100%',
  // What a file leaves on the heap makes all that follow slower: after a hundred files the same tests took two to three times the CPU time.
  // A process that has more than this (of `heapUsed`) makes room for a new one, which takes half a second.
  workerIdleMemoryLimit: '350MB',
};
