import { type ChannelOrder, CHANNELS, type Layout, type ResizeKernel, type ResizeMode } from '#tasks';
import { PRESETS, type PresetName } from '#authoring';
import { UsageError } from '../usage-error';

/** Takes one of `words` and nothing else. */
function oneOf<T extends string>(option: string, words: readonly T[]): (text: string) => T {
  return (text) => {
    const found = words.find((word) => word === text);
    if (found === undefined) throw new UsageError(`${option} must be ${words.join(' or ')}, not "${text}"`);
    return found;
  };
}

export const parsePreset = oneOf('--preset', Object.keys(PRESETS) as PresetName[]);
export const parseChannels = oneOf<ChannelOrder>('--channels', Object.keys(CHANNELS) as ChannelOrder[]);
export const parseLayout = oneOf<Layout>('--layout', ['NCHW', 'NHWC']);
export const parseKernel = oneOf<ResizeKernel>('--kernel', ['bilinear', 'bicubic', 'lanczos', 'nearest']);
export const parseCrop = oneOf('--crop', ['center', 'none']);
export const parseActivation = oneOf('--activation', ['auto', 'softmax', 'sigmoid', 'none']);

export const TASKS = ['image-classification', 'tabular-classification', 'tabular-regression'] as const;
export const parseTask = oneOf('--task', TASKS);

export function parseTolerance(text: string): number {
  const tolerance = parseNumber('--tolerance', text);
  if (tolerance < 0) throw new UsageError(`--tolerance must not be less than 0, not "${text}"`);
  return tolerance;
}

/** `224`, or width x height: `320x240`. */
export function parseInputSize(text: string): { width: number; height: number } {
  const [, width, height = width] = /^(\d{1,4})(?:x(\d{1,4}))?$/.exec(text) ?? [];
  if (!Number(width) || !Number(height)) {
    throw new UsageError(`--input-size must be pixels such as 224, or width x height such as 320x240, not "${text}"`);
  }
  return { width: Number(width), height: Number(height) };
}

/** `shorter-side`, `shorter-side:256`, `exact`, `exact:256`, `exact:320x256` or `pad`. */
export function parseResize(text: string): { mode: ResizeMode; size?: number | [number, number] } {
  const [, name, side, height] = /^(shorter-side|exact|pad)(?::([1-9]\d{0,3})(?:x([1-9]\d{0,3}))?)?$/.exec(text) ?? [];
  const mode = name as ResizeMode | undefined;
  const isWrong = (mode === 'pad' && side !== undefined) || (mode === 'shorter-side' && height !== undefined);
  if (mode === undefined || isWrong) {
    throw new UsageError(
      `--resize must be shorter-side:PIXELS, exact, exact:PIXELS, exact:WIDTHxHEIGHT or pad, not "${text}"`,
    );
  }
  if (side === undefined) return { mode };
  return { mode, size: height === undefined ? Number(side) : [Number(side), Number(height)] };
}

/** `114`, `114,114,114` or `#727272`. */
export function parsePadColor(text: string): [number, number, number] {
  const hex = /^#?([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(text);
  const values =
    hex && text.length >= 6 ? hex.slice(1).map((digits) => parseInt(digits, 16)) : text.split(',').map(Number);
  const [red, green = red, blue = red] = values as [number, number?, number?];
  const color = [red, green, blue];
  if (
    values.length === 2 ||
    values.length > 3 ||
    !color.every((one) => Number.isInteger(one) && one >= 0 && one <= 255)
  ) {
    throw new UsageError(
      `--pad-color must be a grey such as 114, or red,green,blue such as 124,116,104, not "${text}"`,
    );
  }
  return color as [number, number, number];
}

export function parseThreshold(text: string): number {
  const threshold = parseNumber('--threshold', text);
  if (threshold < 0 || threshold > 1) throw new UsageError(`--threshold must be from 0 to 1, not "${text}"`);
  return threshold;
}

/** `0.5`, or a fraction such as `1/255`. */
export function parseScale(text: string): number {
  const [above, below = 1, ...more] = text.split('/').map((part) => parseNumber('--scale', part));
  const scale = above! / below;
  if (more.length > 0 || !Number.isFinite(scale) || scale === 0) {
    throw new UsageError(`--scale must be a number such as 1 or 1/255, not "${text}"`);
  }
  return scale;
}

export function parseMean(text: string): number[] {
  return parsePerChannel('--mean', text);
}

export function parseStd(text: string): number[] {
  const std = parsePerChannel('--std', text);
  if (std.some((value) => value <= 0)) throw new UsageError(`--std must be greater than 0, not "${text}"`);
  return std;
}

export function parseVersion(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`--version must be a whole number such as 2, not "${text}"`);
  return Number(text);
}

/** One number per channel, or one for all; how many channels there are the file says. */
function parsePerChannel(option: string, text: string): number[] {
  const numbers = text.split(',').map((part) => parseNumber(option, part));
  if (numbers.length !== 2 && numbers.length <= 4) return numbers;
  throw new UsageError(`${option} must be three numbers such as 0.485,0.456,0.406, or one, not "${text}"`);
}

function parseNumber(option: string, text: string): number {
  const number = Number(text);
  if (text.trim() === '' || !Number.isFinite(number)) throw new UsageError(`${option}: "${text}" is no number`);
  return number;
}
