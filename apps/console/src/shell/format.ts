const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'];

/** 4343340 → "4.3 MB" */
export function bytes(count: number): string {
  const power = count < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(count) / 3));
  return `${significant(count / 1000 ** power)} ${UNITS[power]}`;
}

/** 12.34 → "12 ms", 0.4 → "0.4 ms", 2300 → "2.3 s" */
export function milliseconds(ms: number): string {
  return ms >= 1000 ? `${significant(ms / 1000)} s` : `${ms < 10 ? significant(ms) : Math.round(ms)} ms`;
}

/** 0.9083 → "90.8 %" */
export function percent(share: number, digits = 1): string {
  return `${(share * 100).toFixed(digits)} %`;
}

/** Of a class: a share where it is one, else the number that the graph gives. */
export function confidence(value: number): string {
  return value >= 0 && value <= 1 ? percent(value) : value.toPrecision(4);
}

export function significant(value: number): string {
  if (value === 0) return '0';
  if (Math.abs(value) >= 100) return String(Math.round(value));
  return String(Number(value.toPrecision(2)));
}

export function moment(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime())
    ? iso
    : date.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
}
