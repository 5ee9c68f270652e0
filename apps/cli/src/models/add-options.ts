import type { ChannelOrder, Layout, ResizeMode } from '#tasks';
import { PRESETS, type PresetName } from '#authoring';
import { UsageError } from '../usage-error';

type PerChannel = [number, number, number];

/** Takes one of `words` and nothing else. */
function oneOf<T extends string>(option: string, words: readonly T[]): (text: string) => T {
  return (text) => {
    const found = words.find((word) => word === text);
    if (found === undefined) throw new UsageError(`${option} must be ${words.join(' or ')}, not "${text}"`);
    return found;
  };
}

export const parsePreset = oneOf('--preset', Object.keys(PRESETS) as PresetName[]);
export const parseChannels = oneOf<ChannelOrder>('--channels', ['RGB', 'BGR']);
export const parseLayout = oneOf<Layout>('--layout', ['NCHW', 'NHWC']);
export const parseCrop = oneOf('--crop', ['center', 'none']);
export const parseActivation = oneOf('--activation', ['auto', 'softmax', 'none']);

/** `224`, or width x height: `320x240`. */
export function parseInputSize(text: string): { width: number; height: number } {
  const [, width, height = width] = /^(\d{1,4})(?:x(\d{1,4}))?$/.exec(text) ?? [];
  if (!Number(width) || !Number(height)) {
    throw new UsageError(`--input-size must be pixels such as 224, or width x height such as 320x240, not "${text}"`);
  }
  return { width: Number(width), height: Number(height) };
}

/** `shorter-side`, `shorter-side:256`, `exact` or `pad`. */
export function parseResize(text: string): { mode: ResizeMode; size?: number } {
  const [, mode, size] = /^(shorter-side|exact|pad)(?::([1-9]\d{0,3}))?$/.exec(text) ?? [];
  if (mode === undefined || (size !== undefined && mode !== 'shorter-side')) {
    throw new UsageError(`--resize must be shorter-side:PIXELS, exact or pad, not "${text}"`);
  }
  return size === undefined ? { mode: mode as ResizeMode } : { mode: mode as ResizeMode, size: Number(size) };
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

export function parseMean(text: string): PerChannel {
  return parsePerChannel('--mean', text);
}

export function parseStd(text: string): PerChannel {
  const std = parsePerChannel('--std', text);
  if (std.some((value) => value <= 0)) throw new UsageError(`--std must be greater than 0, not "${text}"`);
  return std;
}

export function parseVersion(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`--version must be a whole number such as 2, not "${text}"`);
  return Number(text);
}

/** One number per channel, or one for all. */
function parsePerChannel(option: string, text: string): PerChannel {
  const numbers = text.split(',').map((part) => parseNumber(option, part));
  if (numbers.length === 1) return [numbers[0]!, numbers[0]!, numbers[0]!];
  if (numbers.length === 3) return numbers as PerChannel;
  throw new UsageError(`${option} must be three numbers such as 0.485,0.456,0.406, or one, not "${text}"`);
}

function parseNumber(option: string, text: string): number {
  const number = Number(text);
  if (text.trim() === '' || !Number.isFinite(number)) throw new UsageError(`${option}: "${text}" is no number`);
  return number;
}
