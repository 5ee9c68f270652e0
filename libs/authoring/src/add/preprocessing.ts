import {
  type ChannelOrder,
  CHANNELS,
  type InputSpec,
  type Quantization,
  type ResizeKernel,
  type ResizeMode,
  type ResizeSpec,
} from '#tasks';
import { InvalidVersionError } from '#registry';
import { fact, type Fact, type Source } from './facts';
import type { GraphFacts } from './inspect';
import { type FileFacts, rangeOf } from './metadata';
import { likelyPreset, PRESETS, type Preset, type PresetName } from './presets';

/** How images are to be prepared, as far as somebody has said so. */
export interface PreprocessingChoice {
  preset?: PresetName;
  inputSize?: { width: number; height: number };
  channels?: ChannelOrder;
  resize?: { mode: ResizeMode; size?: number | readonly [number, number] };
  kernel?: ResizeKernel;
  /** Of what `pad` adds: red, green, blue. */
  padColor?: readonly [number, number, number];
  crop?: 'center' | 'none';
  scale?: number;
  /** In the order of `channels`, as is `std`; one for all of them, or one for each. */
  mean?: readonly number[];
  std?: readonly number[];
}

/** What the file says beside its input and its classes. */
export interface About extends FileFacts {
  producer?: string;
}

export interface Preprocessing {
  input: InputSpec;
  facts: Fact[];
  /** The preset that was chosen, or taken for likely. */
  preset: PresetName;
  /** Something had to be assumed, by that preset. */
  isAssumed: boolean;
}

/**
 * Completes what the graph says of its input: by choice first, then by preset, then by what else the file says, then by what is
 * likely.
 * @throws InvalidVersionError when the size is open or the choices contradict the graph or each other
 */
export function choosePreprocessing(
  graph: GraphFacts['input'],
  classes: number | null,
  choice: PreprocessingChoice,
  about: About = {},
): Preprocessing {
  const name = choice.preset ?? likelyPreset(classes, graph.width ?? choice.inputSize?.width ?? null, about.producer);
  const preset: Preset = PRESETS[name];
  // Who names a preset knows better than the file.
  const told: FileFacts = choice.preset ? {} : { ...about, ...rangeOfInput(graph) };
  const sourceOf = (chosen: unknown, said?: unknown): Source =>
    chosen !== undefined ? 'option' : said !== undefined ? 'file' : choice.preset ? 'preset' : 'assumed';

  const size = chooseSize(graph, choice, told.inputSize, choice.preset ? preset.size : undefined);
  const channels = chooseChannels(graph, choice.channels ?? told.channels, preset.channels);
  const resize = chooseResize(preset, choice, told.resize, size);
  const crop = choice.crop ?? usualCrop(resize);
  const takesPixels = isPlain(graph, choice, told);
  const pixels = takesPixels ? plainPixels(choice) : scaling(preset, choice, told);
  const pixelSource = (chosen: unknown, said: unknown): Source => (takesPixels ? 'file' : sourceOf(chosen, said));

  const { scale } = pixels;
  const count = CHANNELS[channels];
  const mean = perChannel('--mean', pixels.mean, count, 0);
  const std = perChannel('--std', pixels.std, count, 1);
  const quantization = takesPixels ? undefined : quantizationOf(graph);
  const { name: inputName, layout, dtype } = graph;
  const { width, height } = size;
  const facts = [
    fact('input', inputName, 'file'),
    fact('layout', layout, 'file'),
    fact(
      'type',
      quantization
        ? `${dtype}, (q - ${quantization.zero_point}) × ${Number(quantization.scale.toPrecision(6))}`
        : dtype,
      'file',
    ),
    fact('batch', graph.batch === null ? 'any number of images' : `fixed at ${graph.batch}`, 'file'),
    fact('size', `${width} x ${height}`, size.source),
    fact('channels', channels, count === 1 ? 'file' : sourceOf(choice.channels, told.channels)),
    fact('resize', describeResize(resize), sourceOf(choice.resize ?? choice.kernel ?? choice.padColor, told.resize)),
    fact('crop', crop, sourceOf(choice.crop ?? choice.resize, told.resize)),
    fact('scale', String(Number(scale.toPrecision(6))), pixelSource(choice.scale, told.scale)),
    fact('mean', mean.join(', '), pixelSource(choice.mean, told.mean)),
    fact('std', std.join(', '), pixelSource(choice.std, told.std)),
  ];
  const input: InputSpec = { name: inputName, layout, dtype, width, height, channels, resize, crop, scale, mean, std };
  return {
    input: quantization ? { ...input, quantization } : input,
    facts,
    preset: name,
    isAssumed: facts.some(({ source }) => source === 'assumed'),
  };
}

/** Any other way of resizing gives the input's own size, of which there is nothing to cut off. */
function usualCrop({ mode, size }: ResizeSpec): 'center' | 'none' {
  return mode === 'shorter-side' || (mode === 'exact' && size !== undefined) ? 'center' : 'none';
}

/** @throws InvalidVersionError */
function refuseOtherSize({ width, height }: GraphFacts['input'], chosen: { width: number; height: number }): void {
  if ((width ?? chosen.width) === chosen.width && (height ?? chosen.height) === chosen.height) return;
  throw new InvalidVersionError(
    `the graph takes images of ${width ?? 'any'} x ${height ?? 'any'} pixels, not of ` +
      `${chosen.width} x ${chosen.height}; leave --input-size out`,
  );
}

function chooseSize(
  graph: GraphFacts['input'],
  { inputSize }: PreprocessingChoice,
  said: { width: number; height: number } | undefined,
  usual: number | undefined,
) {
  if (inputSize) refuseOtherSize(graph, inputSize);
  const told = inputSize ?? said;
  const width = graph.width ?? told?.width ?? usual;
  const height = graph.height ?? told?.height ?? usual;
  if (width === undefined || height === undefined) {
    throw new InvalidVersionError('the graph takes images of any size; say with --input-size, such as 224, which one');
  }
  const isStated = graph.width !== null && graph.height !== null;
  const source: Source = isStated ? 'file' : inputSize ? 'option' : said ? 'file' : 'preset';
  return { width, height, source };
}

function chooseChannels(
  { channels: count }: GraphFacts['input'],
  chosen: ChannelOrder | undefined,
  usual: ChannelOrder,
) {
  if (chosen === undefined) return count === 1 ? 'GREY' : count === 3 ? usual : (`${usual}A` as ChannelOrder);
  if (CHANNELS[chosen] === count) return chosen;
  const fitting = Object.entries(CHANNELS).filter(([, channels]) => channels === count);
  throw new InvalidVersionError(
    `the input has ${count} ${count === 1 ? 'channel' : 'channels'}, ${chosen} ${CHANNELS[chosen]}; ` +
      `give ${fitting.map(([name]) => `--channels ${name}`).join(' or ')}`,
  );
}

function chooseResize(
  preset: Preset,
  choice: PreprocessingChoice,
  said: FileFacts['resize'],
  { width, height }: { width: number; height: number },
): ResizeSpec {
  const { mode, size } = choice.resize ?? said ?? { mode: preset.resize };
  const kernel = choice.kernel ?? 'bilinear';
  if (choice.padColor && mode !== 'pad') throw new InvalidVersionError('--pad-color is for --resize pad');
  if (mode === 'pad') return choice.padColor ? { mode, kernel, color: choice.padColor } : { mode, kernel };
  const wanted = { size, kernel, crop: choice.crop };
  if (mode === 'exact') return exactly(wanted, width, height);
  return toShorterSide({ ...wanted, size: size ?? preset.shorterSide?.(Math.max(width, height)) }, width, height);
}

interface WantedResize {
  size?: ResizeSpec['size'];
  kernel: ResizeKernel;
  crop?: 'center' | 'none';
}

function exactly({ size, kernel, crop }: WantedResize, width: number, height: number): ResizeSpec {
  const [w, h] = typeof size === 'object' ? size : [size ?? width, size ?? height];
  if (w === width && h === height) return { mode: 'exact', kernel };
  if (crop === 'none') {
    throw new InvalidVersionError(`--crop none and --resize exact:${w}x${h} do not give ${width} x ${height} pixels`);
  }
  return { mode: 'exact', size: w === h ? w : [w, h], kernel };
}

function toShorterSide({ size, kernel, crop }: WantedResize, width: number, height: number): ResizeSpec {
  const side = (size as number | undefined) ?? Math.max(width, height);
  if (crop === 'none' && (width !== height || side !== width)) {
    throw new InvalidVersionError(
      `--crop none and --resize shorter-side:${side} do not give ${width} x ${height} pixels; ` +
        'use --crop center, or --resize exact',
    );
  }
  return { mode: 'shorter-side', size: side, kernel };
}

interface Scaling {
  scale: number;
  mean: readonly number[];
  std: readonly number[];
}

function scaling(preset: Preset, choice: PreprocessingChoice, told: FileFacts): Scaling {
  return {
    scale: choice.scale ?? told.scale ?? preset.scale,
    mean: choice.mean ?? (told.mean === undefined ? preset.mean : [told.mean]),
    std: choice.std ?? (told.std === undefined ? preset.std : [told.std]),
  };
}

function rangeOfInput({ dtype, quantization }: GraphFacts['input']): FileFacts {
  return quantization ? rangeOf(quantization, dtype === 'uint8' ? 0 : -128) : {};
}

/**
 * A uint8 input takes the pixels as they are, where nobody says what its integers stand for or where they stand for the whole range
 * of what pixels become: what there is to normalise the graph does itself.
 */
function isPlain({ dtype, quantization }: GraphFacts['input'], choice: PreprocessingChoice, told: FileFacts): boolean {
  if (dtype !== 'uint8') return false;
  const isChosen = (choice.preset ?? choice.scale ?? choice.mean ?? choice.std) !== undefined;
  return !quantization || (told.scale !== undefined && !isChosen);
}

function quantizationOf({ dtype, quantization }: GraphFacts['input']): Quantization | undefined {
  if (quantization) return quantization;
  // Nothing says what its integers stand for: pixels, from -128 on.
  return dtype === 'int8' ? { scale: 1, zero_point: -128 } : undefined;
}

function plainPixels({ scale, mean, std }: PreprocessingChoice): Scaling {
  if ((scale ?? 1) !== 1 || mean?.some((value) => value !== 0) || std?.some((value) => value !== 1)) {
    throw new InvalidVersionError(
      'the input is uint8 and takes the pixels as they are; leave --scale, --mean and --std out',
    );
  }
  return { scale: 1, mean: [0], std: [1] };
}

/** One number for all channels, one for each, or three for the colours of an input that has alpha or is grey. */
function perChannel(option: string, values: readonly number[], count: number, alpha: number): number[] {
  if (values.length === count) return [...values];
  if (values.length === 1) return Array<number>(count).fill(values[0]!);
  if (values.length === 3 && count === 4) return [...values, alpha];
  if (values.length === 3 && count === 1) return [values.reduce((sum, value) => sum + value, 0) / 3];
  throw new InvalidVersionError(`${option} must be one number, or one for each of the ${count} channels`);
}

function describeResize({ mode, size, kernel, color }: ResizeSpec): string {
  const to = size === undefined ? '' : ` ${typeof size === 'number' ? size : size.join(' x ')}`;
  return `${mode}${to}, ${kernel}${color ? `, on ${color.join(', ')}` : ''}`;
}
