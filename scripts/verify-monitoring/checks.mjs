import { spawn } from 'node:child_process';

/** Counts what holds and what does not, and says so as it goes. */
export class Checks {
  passed = 0;
  failed = 0;
  notes = [];

  /** @param what a promise @param prove throws, or answers with words for the line */
  async check(what, prove) {
    const started = performance.now();
    const seconds = () => `${((performance.now() - started) / 1000).toFixed(0)} s`;
    try {
      const detail = await prove();
      this.passed++;
      console.log(`ok      ${what}${detail ? ` (${detail})` : ''}, ${seconds()}`);
    } catch (error) {
      this.failed++;
      console.log(`FAILED  ${what}, ${seconds()}\n        ${error.message.trim().replaceAll('\n', '\n        ')}`);
    }
  }

  /** What was not checked, and why. */
  note(what) {
    this.notes.push(what);
  }

  report() {
    if (this.notes.length > 0) console.log(`\nNot checked:\n${this.notes.map((note) => `- ${note}`).join('\n')}`);
    console.log(`\n${this.passed} passed, ${this.failed} failed`);
    return this.failed === 0 && this.passed > 0;
  }
}

/** Runs a tool to its end. @throws with what it printed, when it fails @returns what it printed */
export function tool(command, args, { input, cwd } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ['pipe', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve(output) : reject(new Error(`exit code ${code}\n${output}`))));
    child.stdin.end(input);
  });
}
