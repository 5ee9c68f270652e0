// `docker compose` as a user types it, in the project's folder.
import { execFile } from 'node:child_process';
import { COMPOSE_FILE, DOCKERFILE, withoutDigests } from '../images.mjs';
import { root } from '../prepare.mjs';

/**
 * Runs it with variables such as EYRIE_PORT.
 * @returns { stdout, output: all that it printed } @throws with the end of that when it fails
 */
export function compose(variables, ...args) {
  const env = { ...process.env, ...variables };
  const command = ['compose', ...composeFile(), '--ansi', 'never', '--progress', 'plain', ...args];
  return new Promise((resolve, reject) => {
    execFile('docker', command, { cwd: root, env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      const output = `${stdout}\n${stderr}`.trim();
      if (!error) return resolve({ stdout: stdout.trim(), output });
      const end = output.split('\n').slice(-20).join('\n');
      reject(new Error(`docker compose ${args.join(' ')} exited with ${error.code}:\n${end}`));
    });
  });
}

/**
 * Flags for the file of the project without the digests of images, since the stand-ins have others, and the Dockerfile without them.
 * All else is as without these flags.
 */
export function composeFile() {
  const dockerfile = withoutDigests(DOCKERFILE);
  const name = (text) => text.replace(/^( *)context: \.$/m, `$&\n$1dockerfile: ${dockerfile}`);
  return ['--project-directory', root, '--file', withoutDigests(COMPOSE_FILE, name)];
}

/** The same. @returns its stdout alone */
export async function composed(variables, ...args) {
  return (await compose(variables, ...args)).stdout;
}

/** Lines in which Compose or the builder warn. What npm says while it builds is npm's. */
export function warnings(output) {
  return output.split('\n').filter((line) => /level=warn|\bWARN\b|\bwarning\b/i.test(line) && !/npm warn/i.test(line));
}

/** What the daemon knows of a service's container. */
export async function inspect(service) {
  const id = await composed({}, 'ps', '--all', '--quiet', service);
  return new Promise((resolve, reject) => {
    execFile('docker', ['inspect', id], (error, stdout) => (error ? reject(error) : resolve(JSON.parse(stdout)[0])));
  });
}
