import { h } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type uPlot from 'uplot';

export interface Line {
  readonly name: string;
  /** A custom property of console.css. */
  readonly color: string;
  readonly values: readonly (number | null)[];
}

interface Props {
  title: string;
  /** Behind the numbers. */
  unit?: string;
  /** Seconds since 1970. */
  times: readonly number[];
  lines: readonly Line[];
}

const HEIGHT = 170;

/** The library is fetched when the first chart is drawn: other pages do without. */
const library = (): Promise<typeof uPlot> => import('uplot').then((module) => module.default);

export function TimeChart({ title, unit = '', times, lines }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | undefined>(undefined);
  const data = useRef<uPlot.AlignedData>([[]]);
  data.current = [[...times], ...lines.map(({ values }) => [...values])];
  useEffect(() => {
    const theme = matchMedia('(prefers-color-scheme: dark)');
    let hasLeft = false;
    const draw = async (): Promise<void> => {
      const Plot = await library();
      if (hasLeft || !place.current) return;
      chart.current?.destroy();
      chart.current = new Plot(optionsOf(place.current, lines, unit), data.current, place.current);
    };
    void draw();
    const redraw = (): void => void draw();
    theme.addEventListener('change', redraw);
    const sizes = new ResizeObserver(() => {
      if (place.current) chart.current?.setSize({ width: place.current.clientWidth, height: HEIGHT });
    });
    if (place.current) sizes.observe(place.current);
    return () => {
      hasLeft = true;
      theme.removeEventListener('change', redraw);
      sizes.disconnect();
      chart.current?.destroy();
    };
  }, []);
  useEffect(() => chart.current?.setData(data.current), [times]);
  const latest = lines.map(({ name, values }) => `${name} ${inWords(values.at(-1), unit)}`).join(', ');
  return (
    <section class="card chart" aria-label={title}>
      <h2>{title}</h2>
      <ul class="legend small">
        {lines.map(({ name, color, values }) => (
          <li key={name}>
            <span class="dot" style={{ background: `var(${color})` }} aria-hidden="true" />
            {name} <span class="number">{inWords(values.at(-1), unit)}</span>
          </li>
        ))}
      </ul>
      <div ref={place} class="plot" role="img" aria-label={`${title} over the last hour; now ${latest}`} />
    </section>
  );
}

function inWords(value: number | null | undefined, unit: string): string {
  return value === null || value === undefined ? '–' : `${short(value)}${unit}`;
}

function short(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}

function optionsOf(place: HTMLElement, lines: readonly Line[], unit: string): uPlot.Options {
  const ink = colorOf(place, '--muted');
  const grid = { stroke: colorOf(place, '--line'), width: 1 };
  const axis = { stroke: ink, grid, ticks: grid, font: '11px system-ui, sans-serif' };
  return {
    width: place.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_, __, highest) => [0, highest > 0 ? highest * 1.1 : 1] } },
    axes: [
      { ...axis, values: (_, times) => times.map((time) => new Date(time * 1000).toTimeString().slice(0, 5)) },
      { ...axis, size: 66, values: (_, values) => values.map((value) => `${short(value)}${unit}`) },
    ],
    series: [
      {},
      ...lines.map(({ name, color }) => ({
        label: name,
        stroke: colorOf(place, color),
        width: 1.75,
        points: { show: lines[0]!.values.length < 2 },
      })),
    ],
  };
}

/** As the browser has worked it out: a canvas knows neither custom properties nor light-dark(). */
function colorOf(place: HTMLElement, property: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${property})`;
  place.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
