import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, sep } from 'node:path';
import { BUILD_INFO, PROJECT } from '../build-info';
import { madeOnce, type MakePage } from '../pages/page';

const HTML = 'text/html; charset=utf-8';
const SCRIPT = 'text/javascript; charset=utf-8';
const STYLE = 'text/css; charset=utf-8';
const JSON_TYPE = 'application/json; charset=utf-8';

/** What `npm run build` makes of apps/console. */
const COMPILED = join(PROJECT, 'dist/apps/console/src');
const SOURCES = join(PROJECT, 'apps/console/src');
const STYLES = ['console.css'];
const SAMPLES = join(PROJECT, 'samples');

const packages = createRequire(join(PROJECT, 'package.json'));

/** Packages that the console's modules import by name, and the address that each has beside them. */
const PACKAGES: readonly { specifier: string; file: string; resolve: string; append?: string }[] = [
  { specifier: 'preact', file: 'preact.js', resolve: 'preact' },
  { specifier: 'preact/hooks', file: 'preact-hooks.js', resolve: 'preact/hooks' },
  // Of the module there is no small version; in the small one it is a variable.
  {
    specifier: 'uplot',
    file: 'uplot.js',
    resolve: 'uplot/dist/uPlot.iife.min.js',
    append: '\nexport default uPlot;\n',
  },
];

const SAMPLE_TYPES: Readonly<Record<string, string>> = {
  jpg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  csv: 'text/csv; charset=utf-8',
};

/** Whether this build has a console: the Nest CLI alone compiles the server only. */
export function isBuilt(): boolean {
  return modules().includes('main.js');
}

/** Every file of the console by its path; what is not named here is not served. */
export function consoleFiles(): Map<string, MakePage> {
  const scripts = modules();
  const files: (readonly [path: string, type: string, make: () => string | Promise<string | Buffer>])[] = [
    // Seen from /console, what belongs to it is in console/; seen from /console/, it is beside it.
    ['/console', HTML, () => consoleHtml('console/', scripts)],
    ['/console/', HTML, () => consoleHtml('', scripts)],
    ['/console/about.json', JSON_TYPE, () => JSON.stringify(about())],
    ['/console/uplot.css', STYLE, () => readFile(packages.resolve('uplot/dist/uPlot.min.css'))],
    ...STYLES.map((name) => [`/console/${name}`, STYLE, () => readFile(join(SOURCES, name))] as const),
    ...scripts.map((name) => [`/console/${name}`, SCRIPT, () => script(name, join(COMPILED, name))] as const),
    ...PACKAGES.map(({ file, resolve, append = '' }) => {
      const make = async (): Promise<string> => (await script(file, packages.resolve(resolve))) + append;
      return [`/console/${file}`, SCRIPT, make] as const;
    }),
    ...samples().map(({ file, type }) => {
      return [`/console/samples/${file}`, type, () => readFile(join(SAMPLES, file))] as const;
    }),
  ];
  return new Map(files.map(([path, type, make]) => [path, madeOnce(type, make)]));
}

/**
 * A browser knows no names of packages, and an import map would be inline, which the content security policy forbids.
 * @param name where it will lie below /console/
 */
async function script(name: string, file: string): Promise<string> {
  const text = (await readFile(file, 'utf8')).replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n');
  const up = '../'.repeat(name.split('/').length - 1) || './';
  return PACKAGES.reduce(
    (code, { specifier, file: address }) =>
      code.replace(new RegExp(`\\b((?:from|import)\\s*\\(?)(["'])${specifier}\\2`, 'g'), `$1$2${up}${address}$2`),
    text,
  );
}

function modules(): string[] {
  return namesIn(COMPILED).filter((name) => name.endsWith('.js'));
}

/** The pictures and tables to try it with that come with the project, and small pictures, which are what the page shows. */
function samples(): { file: string; type: string }[] {
  return namesIn(SAMPLES).flatMap((file) => {
    const type = SAMPLE_TYPES[file.split('.').at(-1)!];
    return type ? [{ file, type }] : [];
  });
}

function about(): object {
  const names = samples()
    .map(({ file }) => file)
    .filter((file) => !file.startsWith('thumbnails/'));
  return { version: BUILD_INFO.version, commit: BUILD_INFO.commit, samples: names };
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .map((name) => name.replaceAll(sep, '/'))
      .sort();
  } catch {
    return [];
  }
}

/** All modules are named at once: otherwise each would be asked for when the one that imports it has come. */
function consoleHtml(base: string, scripts: readonly string[]): string {
  const preloaded = [...PACKAGES.map(({ file }) => file).filter((file) => file !== 'uplot.js'), ...scripts];
  const preloads = preloaded.map((name) => `<link rel="modulepreload" href="${base}${name}">`);
  // /console has the icon beside it, /console/ one folder up.
  const icon = base === '' ? '../favicon.svg' : 'favicon.svg';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Eyrie</title>
<link rel="icon" href="${icon}" type="image/svg+xml">
<link rel="stylesheet" href="${base}console.css">
<link rel="stylesheet" href="${base}uplot.css">
${preloads.join('\n')}
<script type="module" src="${base}main.js"></script>
</head>
<body>
<noscript><p>The console needs JavaScript. The API does not: see <a href="${base === '' ? '../' : ''}docs">its documentation</a>.</p></noscript>
<div id="app"></div>
</body>
</html>
`;
}
