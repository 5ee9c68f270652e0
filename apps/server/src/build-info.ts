import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What runs. An image has a build-info.json beside package.json; elsewhere the version is package.json's. */
export interface BuildInfo {
  readonly version: string;
  /** The commit that the image was built from; `unknown` outside an image. */
  readonly commit: string;
}

export const BUILD_INFO = readBuildInfo(__dirname);

/** The folder of package.json: from the sources and from the build it is the same one. */
export const PROJECT = projectOf(__dirname);

/** Looks in `folder` and above it for package.json: from the sources and from the build it is the same one. */
export function readBuildInfo(folder: string): BuildInfo {
  const project = readJson(join(folder, 'package.json'));
  if (project) {
    const image = readJson(join(folder, 'build-info.json'));
    return { version: image?.version || project.version || 'unknown', commit: image?.commit || 'unknown' };
  }
  const above = dirname(folder);
  return above === folder ? { version: 'unknown', commit: 'unknown' } : readBuildInfo(above);
}

function readJson(file: string): Partial<BuildInfo> | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Partial<BuildInfo>;
  } catch {
    return undefined;
  }
}

function projectOf(folder: string): string {
  const above = dirname(folder);
  return above === folder || existsSync(join(folder, 'package.json')) ? folder : projectOf(above);
}
