import type { Command, Option } from 'commander';
import { EyrieError } from '#core';

/** What was uploaded, as the server has put it into `upload.json`. Paths are relative to its folder. */
export interface Upload {
  model: string;
  /** Of the model. */
  file: string;
  /** What was said in text fields, by field. */
  fields: Record<string, string>;
  /** What was sent as files beside the model, by field. */
  files: Record<string, string[]>;
}

/** Flags of `models add` that are fields of the form of an upload: as text, or as files. Text never names a file of the server's. */
export const UPLOAD_FLAGS = {
  text: [
    ...['version', 'preset', 'input-size', 'layout', 'channels', 'resize', 'kernel', 'pad-color', 'crop', 'scale'],
    ...['mean', 'std', 'output', 'activation', 'multi-label', 'threshold', 'description', 'license'],
    ...['task', 'target', 'unit', 'tolerance'],
  ],
  files: ['labels', 'features'],
  /** What the path of the route says, or who calls decides for themselves. */
  none: ['name', 'registry', 'server', 'key', 'format', 'json', 'try'],
} as const;

/** Weights in files of their own, which the model names. */
const DATA = 'data';

/** What `models add` is called with for an upload. @throws EyrieError INVALID_REQUEST for a field that it does not know */
export function uploadArguments(add: Command, { model, file, fields, files }: Upload, registry: string): string[] {
  const args = ['--name', model, '--registry', registry, '--json'];
  for (const [field, value] of Object.entries(fields)) {
    requireKnown(field, UPLOAD_FLAGS.text, UPLOAD_FLAGS.files, 'is a file; send it as one');
    const { long, required, optional } = optionOf(add, field);
    args.push(required || optional ? `${long}=${value}` : long!);
  }
  for (const [field, paths] of Object.entries(files)) {
    if (field === DATA) continue;
    requireKnown(field, UPLOAD_FLAGS.files, UPLOAD_FLAGS.text, 'is no file; send it as text');
    for (const path of paths) args.push(`${optionOf(add, field).long}=${path}`);
  }
  return [...args, '--', file];
}

function optionOf(add: Command, field: string): Option {
  return add.options.find(({ long }) => long === `--${field}`)!;
}

function requireKnown(field: string, here: readonly string[], other: readonly string[], instead: string): void {
  if (here.includes(field)) return;
  const detail = other.includes(field)
    ? instead
    : `is not known here; known are: file, ${DATA}, ${[...UPLOAD_FLAGS.files, ...UPLOAD_FLAGS.text].join(', ')}`;
  throw new EyrieError('INVALID_REQUEST', `the field "${field}" ${detail}`, { errors: [{ field, detail }] });
}

/**
 * Notes what is typed for the flags of a command, as it is typed; commander itself keeps what it has made of it.
 * @returns by flag, without dashes; filled while the command is parsed
 */
export function noteTyped(command: Command): Map<string, string[]> {
  const typed = new Map<string, string[]>();
  for (const option of command.options) {
    command.on(`option:${option.name()}`, (value: string | null) => {
      typed.set(option.name(), [...(typed.get(option.name()) ?? []), value ?? 'true']);
    });
  }
  return typed;
}
