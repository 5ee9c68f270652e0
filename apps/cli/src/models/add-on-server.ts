import { existsSync } from 'node:fs';
import { dirname, extname, join, basename } from 'node:path';
import { SingleBar } from 'cli-progress';
import type { AddedVersion } from '#authoring';
import { pathOf, type ServerAccess } from '../registry/server-access';
import { type FormPart, upload } from '../registry/upload';
import type { Policy } from '#registry';
import { UPLOAD_FLAGS } from './upload-fields';

/** What a server answers when it has added a version. */
export type AddedOnServer = Omit<AddedVersion, 'folder'> & { policy: Policy };

/**
 * Has a running server add a file, with the flags as they were typed.
 * @param typed as `noteTyped` has it
 * @throws as `upload`
 */
export async function addOnServer(
  server: ServerAccess,
  name: string,
  file: string,
  typed: ReadonlyMap<string, readonly string[]>,
  signal: AbortSignal,
): Promise<AddedOnServer> {
  const parts: FormPart[] = [];
  for (const flag of UPLOAD_FLAGS.text) for (const text of typed.get(flag) ?? []) parts.push({ field: flag, text });
  for (const flag of UPLOAD_FLAGS.files) for (const path of typed.get(flag) ?? []) parts.push({ field: flag, path });
  for (const path of weightsBeside(file)) parts.push({ field: 'data', path });
  parts.push({ field: 'file', path: file });
  const bar = new SingleBar({ format: '{bar} {percentage}% | {eta_formatted} left', hideCursor: true });
  const onProgress = (sent: number, total: number): void => {
    if (!process.stderr.isTTY) return;
    if (!bar.isActive) bar.start(total, 0);
    bar.update(sent);
    if (sent === total) {
      bar.stop();
      console.error('checking it there …');
    }
  };
  try {
    return await upload<AddedOnServer>(server, `${pathOf(name)}/versions`, parts, { signal, onProgress });
  } finally {
    bar.stop();
  }
}

/** Files in which exporters put the weights of `m.onnx`. Whether they are needed, the server sees. */
function weightsBeside(file: string): string[] {
  const stem = basename(file, extname(file));
  const names = [`${basename(file)}.data`, `${basename(file)}_data`, `${stem}.data`, `${stem}.bin`];
  return [...new Set(names)].map((name) => join(dirname(file), name)).filter((path) => existsSync(path));
}
