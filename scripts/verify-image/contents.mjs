import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { join, relative } from 'node:path';
import { podman } from './tools.mjs';

/** `e_machine` of an ELF file, by the platform's name in Docker. */
const ELF_MACHINES = { amd64: 62, arm64: 183 };
const TOOLS = /^(npm|npx|yarn|yarnpkg|corepack|pnpm|tsc|cc|gcc|g\+\+|c\+\+|clang|make|ld|as|python[\d.]*|git)$/;

/** Calls `look` with the folder that holds an image's files. */
export async function withFiles(image, look) {
  const folder = await podman('image', 'mount', image);
  try {
    return await look(folder);
  } finally {
    await podman('image', 'unmount', image);
  }
}

/** Binaries under `folder` that are not of this platform: other processors' ELF, Windows' PE, Apple's Mach-O. */
export function foreignBinaries(folder, platform) {
  return filesIn(folder).filter((file) => {
    const head = headOf(file);
    if (head.subarray(0, 4).toString('latin1') === '\x7fELF') return head.readUInt16LE(18) !== ELF_MACHINES[platform];
    const isWindows = head.subarray(0, 2).toString('latin1') === 'MZ' && /\.(dll|exe|node)$/.test(file);
    const isApple = [0xfeedfacf, 0xcffaedfe, 0xcafebabe].includes(head.readUInt32BE(0));
    return isWindows || isApple;
  });
}

/** ELF files of the platform under `folder`. */
export function nativeBinaries(folder, platform) {
  return filesIn(folder).filter((file) => {
    const head = headOf(file);
    return head.subarray(0, 4).toString('latin1') === '\x7fELF' && head.readUInt16LE(18) === ELF_MACHINES[platform];
  });
}

/** Package managers and compilers anywhere in the image, and TypeScript sources in the application. */
export function toolsAndSources(folder) {
  const places = ['usr/bin', 'usr/local/bin', 'usr/sbin', 'usr/local/sbin', 'bin', 'app/node_modules/.bin'];
  const tools = places.flatMap((place) => names(join(folder, place)).map((name) => [place, name]));
  return [
    ...tools.filter(([, name]) => TOOLS.test(name)).map(([place, name]) => `/${place}/${name}`),
    ...names(join(folder, 'usr/local/lib/node_modules')).map((name) => `/usr/local/lib/node_modules/${name}`),
    ...names(join(folder, 'app/node_modules/typescript')).map((name) => `typescript/${name}`),
    ...filesIn(join(folder, 'app'))
      .map((file) => `/${relative(folder, file)}`)
      .filter((file) => /\.[cm]?tsx?$/.test(file)),
  ];
}

function names(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function headOf(file) {
  const head = Buffer.alloc(20);
  const handle = openSync(file);
  readSync(handle, head, 0, 20, 0);
  closeSync(handle);
  return head;
}
