import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eyrieCommand } from '../program';
import { completedCommands } from './commands';
import { completionScript, type Shell, SHELLS } from './scripts';

const program = eyrieCommand({ registry: '.', environment: {}, signatures: { publicKeys: [], allowUnsigned: true } });
const script = (shell: Shell) => completionScript(shell, 'eyrie', completedCommands(program));
const isThere = (shell: Shell) => spawnSync(shell, ['-c', 'exit 0']).status === 0;

const folder = mkdtempSync(join(tmpdir(), 'eyrie-completion-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What bash offers behind `line`, of which the last word is being typed. */
function offered(line: string): string[] {
  const words = line.split(' ');
  const typed = words.map((word) => `'${word}'`).join(' ');
  const ask = `COMP_WORDS=(${typed}); COMP_CWORD=${words.length - 1}; _eyrie; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', `${script('bash')}\n${ask}`], { encoding: 'utf8' });
  if (stderr) throw new Error(stderr);
  return stdout.split('\n').filter((word) => word !== '');
}

describe.each(SHELLS)('the script for %s', (shell) => {
  (isThere(shell) ? it : it.skip)('is one that the shell takes', () => {
    const file = join(folder, `eyrie.${shell}`);
    writeFileSync(file, script(shell));
    const { status, stderr } = spawnSync(shell, ['-n', file], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  });

  it('knows all commands but those that are for programs', () => {
    for (const word of ['models', 'take-upload', 'shadow', 'predict', '--max-p95-ratio'.slice(2)]) {
      expect([word, script(shell).includes(word)]).toEqual([word, word !== 'take-upload']);
    }
  });
});

(isThere('bash') ? describe : describe.skip)('bash', () => {
  it.each([
    ['eyrie mo', ['models']],
    ['eyrie models li', ['list']],
    ['eyrie canary we', ['weight']],
    ['eyrie models list --reg', ['--registry']],
    ['eyrie models list --json -o y', ['yaml']],
    ['eyrie models add model.onnx --na', ['--name']],
    ['eyrie completion ', ['bash', 'zsh', 'fish']],
    // Nothing: then bash offers files.
    ['eyrie models add ', []],
    ['eyrie policy set resnet-cifar10 pol', []],
  ])('behind "%s" offers %j', (line, words) => {
    expect(offered(line)).toEqual(words);
  });

  it('offers all that fits', () => {
    expect(offered('eyrie canary ')).toEqual(expect.arrayContaining(['start', 'weight', 'status', 'promote', 'abort']));
    expect(offered('eyrie canary start -')).toEqual(expect.arrayContaining(['--version', '--weight', '--help']));
    expect(offered('eyrie models list -o ')).toEqual(['json', 'yaml', 'wide']);
  });
});

(isThere('fish') ? it : it.skip).each([
  ['eyrie canary w', ['weight']],
  ['eyrie models list --reg', ['--registry']],
  ['eyrie models list -o ', ['json', 'wide', 'yaml']],
])('fish behind "%s" offers %j', (line, words) => {
  const file = join(folder, 'completions.fish');
  writeFileSync(file, script('fish'));
  const ask = `source ${file}; complete -C "${line}"`;
  const { stdout, stderr } = spawnSync('fish', ['-N', '-c', ask], { encoding: 'utf8' });
  const offers = stdout.split('\n').flatMap((offer) => (offer === '' ? [] : [offer.split('\t')[0]]));
  expect([stderr, offers]).toEqual(['', words]);
});
