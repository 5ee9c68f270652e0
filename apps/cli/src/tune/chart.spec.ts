import { gridChart } from './chart';
import type { Measurement } from './setting';

const row = (workers: number, maxBatch: number, imagesPerSecond: number): Measurement => ({
  workers,
  threads: 1,
  maxBatch,
  imagesPerSecond,
  p50: 1000 / imagesPerSecond,
  p95: 1500 / imagesPerSecond,
  rssBytes: 1,
});
const rows = [row(1, 1, 40), row(1, 4, 47.3), row(2, 1, 77), row(2, 4, 93.8)];

it('draws a line for each division of the CPUs', () => {
  const svg = gridChart('a <model> & version 2', rows, rows[3]);
  expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  expect(svg).toContain('a &lt;model&gt; &amp; version 2');
  // Two curves in each of two panels, and a ring around what was chosen.
  expect(svg.match(/<polyline/g)).toHaveLength(4);
  expect(svg.match(/fill="none" stroke="#000"/g)).toHaveLength(2);
});

it('places higher figures higher', () => {
  const [first, second] = [...gridChart('m', rows.slice(0, 2), undefined).matchAll(/<circle [^>]*cy="([\d.]+)"/g)];
  expect(Number(first![1])).toBeGreaterThan(Number(second![1]));
});

it('draws a single point', () => {
  expect(gridChart('m', [row(1, 1, 0.013)], undefined)).not.toMatch(/NaN|undefined|Infinity/);
});
