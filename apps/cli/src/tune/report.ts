import { tableText } from '../output/table';
import { divisionName, type Measurement } from './setting';

const MIB = 1024 * 1024;

/** @param chosen is marked in the table */
export function gridTable(measured: readonly Measurement[], chosen: Measurement | undefined, wide: boolean): string {
  const rows = measured.map((row) => {
    const figures = [row.imagesPerSecond, row.p50, row.p95].map((value) => value.toFixed(1));
    return [row === chosen ? '→' : '', divisionName(row), row.maxBatch, ...figures, (row.rssBytes / MIB).toFixed(0)];
  });
  const head = ['', 'setting', 'maxBatch', 'images/s', 'p50 ms', 'p95 ms', 'memory MiB'];
  return tableText({ head, rows, right: [2, 3, 4, 5, 6] }, wide);
}
