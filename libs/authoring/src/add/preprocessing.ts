import type { ChannelOrder, InputSpec, ResizeMode } from '#tasks';
import { InvalidVersionError } from '#registry';
import { fact, type Fact, type Source } from './facts';
import type { GraphFacts } from './inspect';
import { likelyPreset, PRESETS, type Preset, type PresetName } from './presets';

type PerChannel = readonly [number, number, number];

/** How images are to be prepared, as far as somebody has said so. */
export interface PreprocessingChoice {
  preset?: PresetName;
  inputSize?: { width: number; height: number };
  channels?: ChannelOrder;
  resize?: { mode: ResizeMode; size?: number };
  crop?: 'center' | 'none';
  scale?: number;
  /** In the order of `channels`, as is `std`. */
  mean?: PerChannel;
  std?: PerChannel;
}

export interface Preprocessing {
  input: InputSpec;
  facts: Fact[];
  /** The preset that was taken for likely; null when nothing had to be assumed. */
  assumed: PresetName | null;
}

/**
 * Completes what the graph says of its input: by choice first, then by preset.
 * @throws InvalidVersionError when the size is open or the choices contradict the graph or each other
 */
export function choosePreprocessing(
  graph: GraphFacts['input'],
  classes: number | null,
  choice: PreprocessingChoice,
): Preprocessing {
  const name = choice.preset ?? likelyPreset(classes, graph.width ?? choice.inputSize?.width ?? null);
  const preset: Preset = PRESETS[name];
  const presetSource: Source = choice.preset ? 'preset' : 'assumed';
  const sourceOf = (chosen: unknown): Source => (chosen === undefined ? presetSource : 'option');

  const size = chooseSize(graph, choice, choice.preset ? preset.size : undefined);
  const resize = chooseResize(preset, choice, size);
  // Any other way of resizing gives the input's own size, of which there is nothing to cut off.
  const crop = choice.crop ?? (resize.mode === 'shorter-side' ? 'center' : 'none');
  const pixels = graph.dtype === 'uint8' ? plainPixels(choice) : { ...preset, ...defined(choice) };
  const pixelSource = (chosen: unknown): Source => (graph.dtype === 'uint8' ? 'file' : sourceOf(chosen));

  const { scale, mean, std } = pixels;
  const channels = choice.channels ?? preset.channels;
  const { name: inputName, layout, dtype } = graph;
  const { width, height } = size;
  const facts = [
    fact('input', inputName, 'file'),
    fact('layout', layout, 'file'),
    fact('type', dtype, 'file'),
    fact('batch', graph.batch === null ? 'any number of images' : `fixed at ${graph.batch}`, 'file'),
    fact('size', `${width} x ${height}`, size.source),
    fact('channels', channels, sourceOf(choice.channels)),
    fact('resize', describeResize(resize), sourceOf(choice.resize)),
    fact('crop', crop, sourceOf(choice.crop ?? choice.resize)),
    fact('scale', String(Number(scale.toPrecision(6))), pixelSource(choice.scale)),
    fact('mean', mean.join(', '), pixelSource(choice.mean)),
    fact('std', std.join(', '), pixelSource(choice.std)),
  ];
  return {
    input: { name: inputName, layout, dtype, width, height, channels, resize, crop, scale, mean, std },
    facts,
    assumed: facts.some(({ source }) => source === 'assumed') ? name : null,
  };
}

function chooseSize(graph: GraphFacts['input'], { inputSize }: PreprocessingChoice, usual: number | undefined) {
  const contradicts =
    inputSize &&
    ((graph.width ?? inputSize.width) !== inputSize.width || (graph.height ?? inputSize.height) !== inputSize.height);
  if (contradicts) {
    throw new InvalidVersionError(
      `the graph takes images of ${graph.width ?? 'any'} x ${graph.height ?? 'any'} pixels, not of ` +
        `${inputSize.width} x ${inputSize.height}; leave --input-size out`,
    );
  }
  const width = graph.width ?? inputSize?.width ?? usual;
  const height = graph.height ?? inputSize?.height ?? usual;
  if (width === undefined || height === undefined) {
    throw new InvalidVersionError('the graph takes images of any size; say with --input-size, such as 224, which one');
  }
  const isStated = graph.width !== null && graph.height !== null;
  const source: Source = isStated ? 'file' : inputSize ? 'option' : 'preset';
  return { width, height, source };
}

function chooseResize(
  preset: Preset,
  choice: PreprocessingChoice,
  { width, height }: { width: number; height: number },
) {
  const mode = choice.resize?.mode ?? preset.resize;
  if (mode !== 'shorter-side') return { mode, kernel: 'bilinear' as const };
  const size = choice.resize?.size ?? preset.shorterSide?.(Math.max(width, height)) ?? Math.max(width, height);
  if (choice.crop === 'none' && (width !== height || size !== width)) {
    throw new InvalidVersionError(
      `--crop none and --resize shorter-side:${size} do not give ${width} x ${height} pixels; ` +
        'use --crop center, or --resize exact',
    );
  }
  return { mode, size, kernel: 'bilinear' as const };
}

/** A uint8 input takes the pixels as they are; what there is to normalise the graph does itself. */
function plainPixels({ scale, mean, std }: PreprocessingChoice): { scale: number; mean: PerChannel; std: PerChannel } {
  if ((scale ?? 1) !== 1 || mean?.some((value) => value !== 0) || std?.some((value) => value !== 1)) {
    throw new InvalidVersionError(
      'the input is uint8 and takes the pixels as they are; leave --scale, --mean and --std out',
    );
  }
  return { scale: 1, mean: [0, 0, 0], std: [1, 1, 1] };
}

function describeResize({ mode, size }: { mode: ResizeMode; size?: number }): string {
  return size === undefined ? `${mode}, bilinear` : `${mode} ${size}, bilinear`;
}

function defined(choice: PreprocessingChoice): { scale?: number; mean?: PerChannel; std?: PerChannel } {
  const { scale, mean, std } = choice;
  return { ...(scale !== undefined && { scale }), ...(mean && { mean }), ...(std && { std }) };
}
