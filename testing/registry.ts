import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeVersion, type ClassifierOptions } from './onnx-classifier';

export const REPOSITORY = join(__dirname, '..');
/** The models that come with the project. */
export const BUNDLED_REGISTRY = join(REPOSITORY, 'model-registry');
/** The model that `temporaryRegistry` writes. */
export const MODEL = 'pixels';

/** A registry of its own for a test: versions 1, 2, … of one model, each with these options. */
export function temporaryRegistry(
  ...versions: (ClassifierOptions & { manifest?: Record<string, unknown> })[]
): TemporaryFolder {
  const folder = temporaryFolder();
  versions.forEach((options, i) => writeVersion(folder.path, MODEL, i + 1, options));
  return folder;
}

/** A copy of one of the bundled models, to be damaged or to be served alone: all of them are seven workers. */
export function copyOfBundledModel(model: string): TemporaryFolder {
  const folder = temporaryFolder();
  cpSync(join(BUNDLED_REGISTRY, model), join(folder.path, model), { recursive: true });
  return folder;
}

export interface TemporaryFolder {
  path: string;
  remove(): void;
}

export function temporaryFolder(): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), 'eyrie-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
