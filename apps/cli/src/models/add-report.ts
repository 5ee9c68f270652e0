import type { AddedVersion, Fact } from '#authoring';
import { tableText } from '../output/table';

const WHENCE: Record<Fact['source'], string> = {
  file: 'found in the file',
  option: 'as you said',
  preset: 'from the preset',
  'trial run': 'found by running it',
  assumed: 'ASSUMED',
};

/** What was added, for people: what was found, what was assumed, what to do next. */
export function addReport({ manifest, folder, facts, warnings }: AddedVersion, isServed: boolean): string {
  const { name, version } = manifest;
  const rows = facts.map(({ what, value, source }) => [what, value, WHENCE[source]]);
  return [
    tableText({ head: ['', 'value', 'from'], rows }),
    ...warnings.map((warning) => `Mind: ${warning}.`),
    `Added ${name} version ${version} in ${folder}; it loads and answers.`,
    isServed
      ? `It answers the requests for ${name}: the policy names it.`
      : `Nobody is served by it yet: "policy default ${name} ${version}" gives it everyone, "canary start" a share.`,
  ].join('\n');
}
