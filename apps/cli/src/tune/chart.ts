import { divisionName, type Measurement } from './setting';

const PANEL = { width: 420, height: 260 };
const MARGIN = { left: 62, right: 18, top: 34, bottom: 44 };
const LEGEND_LINE = 18;
const GRID_LINES = 5;
/** Told apart by people who see colours otherwise, too (Okabe and Ito 2008, "Color Universal Design"). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#56b4e9', '#e69f00', '#000000', '#a6a100'];

/** What is drawn of a measurement, over the batch size. */
interface Quantity {
  title: string;
  of: (row: Measurement) => number;
}
const QUANTITIES: Quantity[] = [
  { title: 'images per second', of: (row) => row.imagesPerSecond },
  { title: 'p95, milliseconds', of: (row) => row.p95 },
];

/**
 * The curves of a grid: throughput and p95 over the largest batch, a line for each division of the CPUs.
 * @param chosen gets a ring
 * @returns an SVG file
 */
export function gridChart(title: string, measured: readonly Measurement[], chosen: Measurement | undefined): string {
  const batches = [...new Set(measured.map(({ maxBatch }) => maxBatch))].sort((a, b) => a - b);
  const lines = [...new Set(measured.map(divisionName))];
  const width = PANEL.width * QUANTITIES.length;
  const height = PANEL.height + MARGIN.top + lines.length * LEGEND_LINE;
  const panels = QUANTITIES.map((quantity, i) => {
    const content = panel(quantity, measured, chosen, { batches, lines });
    return `<g transform="translate(${i * PANEL.width} ${MARGIN.top})">${content}</g>`;
  });
  const legend = lines.map((name, i) => {
    const y = PANEL.height + MARGIN.top + i * LEGEND_LINE + 4;
    return (
      `<path d="M${MARGIN.left} ${y}h24" stroke="${colour(i)}" stroke-width="2"/>` +
      `<text x="${MARGIN.left + 32}" y="${y + 4}">${name}</text>`
    );
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"`,
    ` font-family="sans-serif" font-size="12" role="img"><title>${escape(title)}</title>`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    `<text x="${MARGIN.left}" y="20" font-size="14" font-weight="bold">${escape(title)}</text>`,
    ...panels,
    ...legend,
    '</svg>\n',
  ].join('');
}

function panel(
  { title, of }: Quantity,
  measured: readonly Measurement[],
  chosen: Measurement | undefined,
  { batches, lines }: { batches: number[]; lines: string[] },
): string {
  const inner = { width: PANEL.width - MARGIN.left - MARGIN.right, height: PANEL.height - MARGIN.top - MARGIN.bottom };
  const step = niceStep(Math.max(...measured.map(of)) / GRID_LINES);
  const top = step * Math.ceil(Math.max(...measured.map(of)) / step);
  // Batches double from one to the next, so each gets the same room.
  const x = (batch: number): string =>
    (MARGIN.left + (inner.width * (batches.indexOf(batch) + 0.5)) / batches.length).toFixed(1);
  const y = (value: number): string => (MARGIN.top + inner.height * (1 - value / top)).toFixed(1);

  const grid = Array.from({ length: Math.round(top / step) + 1 }, (_, i) => {
    const value = Number((i * step).toPrecision(6));
    return (
      `<path d="M${MARGIN.left} ${y(value)}h${inner.width}" stroke="#ddd"/>` +
      `<text x="${MARGIN.left - 8}" y="${y(value)}" dy="4" text-anchor="end">${value}</text>`
    );
  });
  const bottom = MARGIN.top + inner.height;
  const ticks = batches.map((batch) => `<text x="${x(batch)}" y="${bottom + 18}" text-anchor="middle">${batch}</text>`);
  const curves = lines.map((name, i) => {
    const rows = measured.filter((row) => divisionName(row) === name).sort((a, b) => a.maxBatch - b.maxBatch);
    const points = rows.map((row) => `${x(row.maxBatch)},${y(of(row))}`);
    const dots = points.map((point) => point.split(',')).map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3"/>`);
    return (
      `<polyline points="${points.join(' ')}" fill="none" stroke="${colour(i)}" stroke-width="2"/>` +
      `<g fill="${colour(i)}">${dots.join('')}</g>`
    );
  });
  const ring =
    chosen === undefined
      ? ''
      : `<circle cx="${x(chosen.maxBatch)}" cy="${y(of(chosen))}" r="8" fill="none" stroke="#000" stroke-width="1.5"/>`;
  const axis = `<text x="${MARGIN.left + inner.width / 2}" y="${bottom + 36}" text-anchor="middle">largest batch</text>`;
  return `<text x="${MARGIN.left}" y="20">${title}</text>${[...grid, ...ticks, axis, ...curves, ring].join('')}`;
}

/** The smallest of 1, 2, 5, 10, 20, … that is at least `rough`. */
function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * [1, 2, 5, 10].find((factor) => factor * power >= rough * (1 - 1e-9))!;
}

function colour(line: number): string {
  return COLOURS[line % COLOURS.length]!;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
