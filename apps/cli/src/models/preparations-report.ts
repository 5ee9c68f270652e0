import { basename } from 'node:path';
import Table from 'cli-table3';
import type { TriedPreparation } from '#authoring';

const WIDTH = 30;

/** What each preparation makes of some pictures: a row for each, the one that would be chosen first. */
export function preparationsReport(tried: readonly TriedPreparation[], photos: readonly string[]): string {
  const table = new Table({
    head: ['preparation', 'mean confidence', ...photos.map((photo) => basename(photo))],
    style: { head: [], border: [], compact: true },
  });
  for (const { preparation, answers, meanConfidence } of tried) {
    const said = answers.map((answer) =>
      'label' in answer ? `${short(answer.label)} ${percent(answer.confidence)}` : answer.problem,
    );
    table.push([preparation, percent(meanConfidence), ...said]);
  }
  return [
    table.toString(),
    'Nothing was added. Look which row knows what is in the pictures, and add the model with its --preset.',
  ].join('\n');
}

function short(label: string): string {
  return label.length > WIDTH ? `${label.slice(0, WIDTH - 1)}…` : label;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)}%`;
}
