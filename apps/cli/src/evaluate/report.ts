import { tableText } from '../output/table';
import type { Confusion } from './confusion';

/** More classes than this do not fit a terminal. */
const MAX_MATRIX = 20;

/** How the evaluation went. */
interface Course {
  /** What could not be read, with the reason. */
  unreadable: readonly string[];
  seconds: number;
  /** What was looked at. */
  what: 'images' | 'rows';
}

export function evaluationReport(confusion: Confusion, { unreadable, seconds, what }: Course, wide: boolean): string {
  const { images, top1, top5, labels } = confusion;
  const parts = [classTable(confusion, what, wide)];
  if (labels.length <= MAX_MATRIX)
    parts.push('Rows: what it is. Columns: what the model says.', matrix(confusion, wide));
  if (unreadable.length > 0) parts.push(`${unreadable.length} ${what} could not be read, the first: ${unreadable[0]}`);
  const rate = (images / seconds).toFixed(0);
  parts.push(`${images} ${what} in ${seconds.toFixed(1)} s (${rate}/s)`);
  const best = what === 'rows' ? 'accuracy' : 'top-1';
  parts.push(labels.length > 5 ? `${best} ${percent(top1)}   top-5 ${percent(top5)}` : `${best} ${percent(top1)}`);
  return parts.join('\n');
}

function classTable(confusion: Confusion, what: Course['what'], wide: boolean): string {
  const isTwice = (label: string): boolean => confusion.labels.indexOf(label) !== confusion.labels.lastIndexOf(label);
  const rows = confusion
    .perClass()
    .map(({ class_id, label, images, right, recall, precision }) => [
      ...[isTwice(label) ? `${label} (${class_id})` : label, images, right, percent(recall)],
      precision === null ? '-' : percent(precision),
    ]);
  return tableText({ head: ['class', what, 'right', 'recall', 'precision'], rows }, wide);
}

function matrix({ labels, counts }: Confusion, wide: boolean): string {
  const rows = labels.map((label, truth) => [label, ...counts[truth]!.map((count) => (count === 0 ? '.' : count))]);
  return tableText({ head: ['', ...labels.map((label) => label.slice(0, 6))], rows }, wide);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)}%`;
}
