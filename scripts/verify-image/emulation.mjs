// Programs for arm64 on this machine: qemu's user emulation, registered with the kernel for as long as it is needed.
import { chmodSync, copyFileSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE, run } from './tools.mjs';

/** Debian 12 has qemu 7.2, in which loading ONNX Runtime 1.30 ends with a segmentation fault; Debian 13 has 10.0. */
const QEMU = { suite: 'trixie', package: 'qemu-user', program: 'usr/bin/qemu-aarch64' };
const BINFMT = '/proc/sys/fs/binfmt_misc';
const NAME = `eyrie-aarch64-${process.pid}`;
/** The head of an ELF file for arm64, and which of its bits matter. */
const MAGIC = String.raw`\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00`;
const MASK = String.raw`\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff`;

/** From here on the kernel runs programs for arm64, in containers as well. @returns undefined, or why it does not */
export async function emulateArm64() {
  try {
    if (!existsSync(join(BINFMT, 'register'))) await run('mount', ['-t', 'binfmt_misc', 'binfmt_misc', BINFMT]);
    // F: the kernel opens qemu now, so that no container needs it. What was registered last is asked first.
    writeFileSync(join(BINFMT, 'register'), `:${NAME}:M::${MAGIC}:${MASK}:${await qemu()}:F`);
    return undefined;
  } catch (error) {
    return error.message;
  }
}

export function endEmulation() {
  if (existsSync(join(BINFMT, NAME))) writeFileSync(join(BINFMT, NAME), '-1');
}

async function qemu() {
  const program = join(CACHE, `qemu-aarch64-${QEMU.suite}`);
  if (existsSync(program)) return program;
  console.log(`unpacking ${QEMU.package} of Debian ${QEMU.suite}`);
  const folder = join(CACHE, `${QEMU.package}.partial`);
  rmSync(folder, { recursive: true, force: true });
  const source = `deb http://deb.debian.org/debian ${QEMU.suite} main`;
  const options = ['--mode=root', '--variant=extract', '--format=directory', '--quiet', `--include=${QEMU.package}`];
  await run('mmdebstrap', [...options, QEMU.suite, folder, source]);
  copyFileSync(join(folder, QEMU.program), `${program}.partial`);
  chmodSync(`${program}.partial`, 0o755);
  await run('mv', [`${program}.partial`, program]);
  rmSync(folder, { recursive: true, force: true });
  return program;
}
