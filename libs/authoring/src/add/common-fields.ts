import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { ModelFile } from './model-file';

/** What is said of a version of any task. */
export interface Described {
  name: string;
  version: number;
  description?: string;
  license?: string;
  /** Where the file comes from; its name by default. */
  source?: string;
}

/** The fields that a manifest of any task begins with. */
export function identityOf<Task extends string>(file: ModelFile, said: Described, task: Task) {
  const { name, version, description, license } = said;
  return {
    schema: 1 as const,
    name,
    version,
    ...(description !== undefined && { description }),
    ...(license !== undefined && { license }),
    task,
    artifact: { file: 'model.onnx', sha256: sha256(file.bytes), bytes: file.bytes.length },
  };
}

export function provenanceOf(file: ModelFile, { source }: Pick<Described, 'source'>) {
  return {
    source: source ?? basename(file.path),
    created: new Date().toISOString(),
    sha256: sha256(file.original),
    ...(file.changes.length > 0 && { changes: file.changes }),
  };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
