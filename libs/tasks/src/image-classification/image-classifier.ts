import {
  EyrieError,
  type AnswerCodec,
  type Comparison,
  type Headline,
  type InferenceInput,
  type NamedClass,
  type ReadVersionFile,
  type ServedTask,
} from '#core';
import type { Classes, ClassScore } from './classes';
import { decodeClasses, encodeClasses } from './classes-codec';
import { decodeCost } from './header/decode-cost';
import type { Golden } from './manifest';
import { type ClassifierParams, DEFAULT_THRESHOLD, type InputSpec, type OutputSpec, type SentClasses } from './spec';
import { type Pixels, pixelsOf } from './pixels';

/** What can be asked of one version, and what its answers mean. A class is told by its id; two may have the same label. */
export class ImageClassifier implements ServedTask<Classes> {
  readonly task = 'image-classification';
  readonly card: Readonly<Record<string, unknown>>;
  /** Any number of classes may be right: answers have all whose score is at least `threshold`. */
  readonly isMultiLabel: boolean;
  readonly threshold: number;
  /** The input of the graph, for who sends what is ready for it. */
  readonly pixels: Pixels;
  /** The name of the graph's output. */
  readonly outputName: string;

  constructor(
    /** Of the classes, in their order. */
    readonly labels: readonly string[],
    private readonly golden: readonly Golden[],
    { name, multi_label = false, threshold = DEFAULT_THRESHOLD }: Omit<OutputSpec, 'activation'>,
    input: InputSpec,
  ) {
    this.card = { labels };
    this.isMultiLabel = multi_label;
    this.threshold = threshold;
    this.outputName = name;
    this.pixels = pixelsOf(input);
  }

  /**
   * @param image a file: JPEG, PNG, WebP or GIF
   * @param topK how many classes to answer; of a multi-label model at the most, and all that reach the threshold when left out
   */
  input(image: Uint8Array, topK?: number): InferenceInput {
    const params: ClassifierParams = { topK: topK ?? (this.isMultiLabel ? undefined : 1) };
    return { params, payload: [image], cost: 1, preparation: decodeCost(image) };
  }

  /**
   * A question for the scores of so many classes, best first, whatever the threshold of a multi-label model says.
   * @param image a file, or with `isReady` one picture as `pixels` describes it, in little-endian bytes
   * @throws EyrieError INVALID_REQUEST for pixels that are no numbers
   */
  scoresInput(image: Uint8Array, topK: number, isReady = false): InferenceInput {
    const params: ClassifierParams = { topK, ...(this.isMultiLabel && { anyScore: true }) };
    if (!isReady) return { params, payload: [image], cost: 1, preparation: decodeCost(image) };
    this.pixels.requireFinite(image);
    return { params: { ...params, pixels: this.pixels.key }, payload: [image], cost: 1 };
  }

  answer(sent: unknown): Classes {
    return (sent as SentClasses).map(({ classId, confidence }) => {
      const label = this.labels[classId];
      if (label === undefined)
        throw new EyrieError('WORKER_FAILED', `the worker named class ${classId}, which is none`);
      return { class_id: classId, label, confidence };
    });
  }

  headline(classes: Classes): Headline | undefined {
    return this.named(classes)[0] as ClassScore | undefined;
  }

  /** More may have been asked for than the model says are there. */
  named(classes: Classes): readonly NamedClass[] {
    if (!this.isMultiLabel) return classes.slice(0, 1);
    return classes.filter(({ confidence }) => confidence >= this.threshold);
  }

  compare(all: Classes, others: Classes): Comparison {
    const classes = this.isMultiLabel ? (this.named(all) as Classes) : all;
    const [best, other] = [classes[0], others[0]];
    const say = (said: Classes) =>
      this.isMultiLabel ? { classes: said.map(shortly) } : { ...(said[0] && shortly(said[0])) };
    return {
      agreed: this.isMultiLabel ? this.areSame(classes, others) : this.areSame(classes.slice(0, 1), others.slice(0, 1)),
      confidenceShift: best && other && other.confidence - best.confidence,
      said: [say(classes), say(others)],
    };
  }

  /** As many of a multi-label model as the client has been answered; the best one of any other. */
  forComparison(input: InferenceInput): InferenceInput {
    const { topK, pixels } = input.params as ClassifierParams;
    return { ...input, params: { topK: this.isMultiLabel ? topK : 1, ...(pixels && { pixels }) } };
  }

  readonly cache: AnswerCodec<Classes> = {
    key: (params) => {
      const { topK = 'all', anyScore, pixels } = params as ClassifierParams;
      return [topK, ...(anyScore ? ['any'] : []), ...(pixels ? ['pixels'] : [])].join('-');
    },
    encode: encodeClasses,
    decode: (text, params) => {
      const { topK: most = this.labels.length, anyScore } = params as ClassifierParams;
      const least =
        this.isMultiLabel && !anyScore
          ? { count: 0, confidence: this.threshold }
          : { count: most, confidence: -Infinity };
      return decodeClasses(text, this.labels, most, least);
    },
  };

  /** @throws Error naming the first golden image that is not classified as it must be */
  async prove(ask: (input: InferenceInput) => Promise<Classes>, read: ReadVersionFile): Promise<void> {
    for (const { image, label, minConfidence } of this.golden) {
      const classes = await ask(this.input(await read(image)));
      const must = `golden image ${image} must be "${label}" with at least ${minConfidence}`;
      if (classes.length === 0) throw new Error(`${must}, but the model names no class`);
      // Of a multi-label model it may be any of the classes.
      const found = this.named(classes).find((named) => named.label === label) as ClassScore | undefined;
      if (found && found.confidence >= minConfidence) continue;
      const { label: said, confidence } = found ?? classes[0]!;
      throw new Error(`${must}, but the model says "${said}" with ${confidence.toFixed(3)}`);
    }
  }

  /** The class of another version: its label counts where the two have their classes in another order. */
  private isSame(one: ClassScore, other: ClassScore): boolean {
    if (one.label !== other.label) return false;
    // Where the other's id has that label here as well, there are two classes of that name, in either version.
    return one.class_id === other.class_id || this.labels[other.class_id] !== other.label;
  }

  private areSame(classes: Classes, others: Classes): boolean {
    return classes.length === others.length && classes.every((one) => others.some((other) => this.isSame(one, other)));
  }
}

function shortly({ label, confidence }: Headline): { label: string; confidence: number } {
  return { label, confidence };
}
