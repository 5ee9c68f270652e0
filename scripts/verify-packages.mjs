// `npm run verify:packages`: what is installed was signed by the registry that it came from (npm audit signatures), and no known
// vulnerability of severity "high" or worse is in what the server runs (npm audit). Both ask services that a mirror of the registry may
// not have: where one does not answer, its check is skipped and says so, and the exit code is 77. With --required, as in the workflows,
// that is an error.
import { spawnSync } from 'node:child_process';
import { prepare, root } from './prepare.mjs';

const SKIPPED = 77;
/** Not to wait for minutes for a service that is not there. */
const PATIENCE = ['--fetch-retries=1', '--fetch-timeout=30000'];
const CHECKS = { 'signatures of the registry': signatures, 'known vulnerabilities': vulnerabilities };

const isRequired = process.argv.includes('--required');
prepare();
const outcomes = Object.entries(CHECKS).map(([name, check]) => {
  const { outcome, detail } = check();
  console.log(`${name}: ${outcome === 'ok' ? 'ok' : outcome.toUpperCase()}, ${detail}`);
  return outcome;
});
if (outcomes.includes('failed') || (isRequired && outcomes.includes('skipped'))) process.exit(1);
process.exit(outcomes.includes('skipped') ? SKIPPED : 0);

/** `missing`: the registry has keys, and no signature for a package. */
function signatures() {
  const { status, answer, said } = audit('signatures');
  if (!Array.isArray(answer?.invalid)) return unanswered(answer, said);
  const wrong = [...answer.invalid, ...answer.missing].map(({ name, version }) => `${name}@${version}`);
  if (wrong.length > 0) return { outcome: 'failed', detail: `not signed, or not rightly: ${wrong.join(', ')}` };
  return status === 0 ? { outcome: 'ok', detail: 'all packages' } : { outcome: 'failed', detail: said };
}

function vulnerabilities() {
  const { answer, said } = audit('--omit=dev');
  if (!answer?.metadata?.vulnerabilities) return unanswered(answer, said);
  const { high, critical, total } = answer.metadata.vulnerabilities;
  const names = Object.values(answer.vulnerabilities)
    .filter(({ severity }) => severity === 'high' || severity === 'critical')
    .map(({ name, severity }) => `${name} (${severity})`);
  if (high + critical > 0) return { outcome: 'failed', detail: names.join(', ') };
  return { outcome: 'ok', detail: total === 0 ? 'none' : `none of high severity, ${total} of lower` };
}

/** What npm prints when it has been told nothing by those whom it asked. */
function unanswered(answer, said) {
  const why = answer?.error?.summary || answer?.message || said;
  return { outcome: 'skipped', detail: `no answer: ${why.trim().split('\n')[0]}` };
}

/** @returns npm's exit code, what it printed as JSON, and what it said beside that */
function audit(...args) {
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const { status, stdout, stderr, error } = spawnSync(npm, ['audit', ...args, '--json', ...PATIENCE], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error) throw error;
  try {
    return { status, answer: JSON.parse(stdout), said: stderr };
  } catch {
    return { status, answer: undefined, said: stderr || stdout || `npm audit ended with ${status}` };
  }
}
