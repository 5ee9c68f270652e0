import Table from 'cli-table3';
import { divisionName, type Measurement } from './setting';

const MIB = 1024 * 1024;

/** @param chosen is marked in the table */
export function gridTable(measured: readonly Measurement[], chosen: Measurement | undefined): string {
  const table = new Table({
    head: ['', 'setting', 'maxBatch', 'images/s', 'p50 ms', 'p95 ms', 'memory MiB'],
    colAligns: ['left', 'left', 'right', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  });
  for (const row of measured) {
    const figures = [row.imagesPerSecond, row.p50, row.p95].map((value) => value.toFixed(1));
    const memory = (row.rssBytes / MIB).toFixed(0);
    table.push([row === chosen ? '→' : '', divisionName(row), row.maxBatch, ...figures, memory]);
  }
  return table.toString();
}
