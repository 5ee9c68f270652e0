import { basename } from 'node:path';
import type { TriedPreparation } from '#authoring';
import { tableText } from '../output/table';

const WIDTH = 30;

/** What each preparation makes of some pictures: a row for each, the one that would be chosen first. */
export function preparationsReport(
  tried: readonly TriedPreparation[],
  photos: readonly string[],
  wide: boolean,
): string {
  const head = ['preparation', 'mean confidence', ...photos.map((photo) => basename(photo))];
  const rows = tried.map(({ preparation, answers, meanConfidence }) => {
    const said = answers.map((answer) =>
      'label' in answer ? `${short(answer.label)} ${percent(answer.confidence)}` : answer.problem,
    );
    return [preparation, percent(meanConfidence), ...said];
  });
  return [
    tableText({ head, rows }, wide),
    'Nothing was added. Look which row knows what is in the pictures, and add the model with its --preset.',
  ].join('\n');
}

function short(label: string): string {
  return label.length > WIDTH ? `${label.slice(0, WIDTH - 1)}…` : label;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)}%`;
}
