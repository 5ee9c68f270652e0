import {
  EyrieError,
  type AnswerCodec,
  type Comparison,
  type Headline,
  type InferenceInput,
  type ReadVersionFile,
  type ServedTask,
} from '#core';
import { decodeCost } from './header/decode-cost';
import type { Golden } from './manifest';
import type { SentClasses } from './spec';

/** One class and how sure the model is of it. */
export interface ClassScore {
  class_id: number;
  label: string;
  /** 0..1 where the model gives probabilities. */
  confidence: number;
}

/** The classes that were asked for, best first. */
export type Classes = readonly ClassScore[];

/** What can be asked of one version, and what its answers mean. */
export class ImageClassifier implements ServedTask<Classes> {
  readonly task = 'image-classification';
  readonly card: Readonly<Record<string, unknown>>;

  constructor(
    /** Of the classes, in their order. */
    readonly labels: readonly string[],
    private readonly golden: readonly Golden[],
  ) {
    this.card = { labels };
  }

  /** @param image a file: JPEG, PNG, WebP or GIF @param topK how many classes to answer */
  input(image: Uint8Array, topK: number): InferenceInput {
    return { params: { topK }, payload: [image], cost: 1, preparation: decodeCost(image) };
  }

  answer(sent: unknown): Classes {
    return (sent as SentClasses).map(({ classId, confidence }) => {
      const label = this.labels[classId];
      if (label === undefined)
        throw new EyrieError('WORKER_FAILED', `the worker named class ${classId}, which is none`);
      return { class_id: classId, label, confidence };
    });
  }

  headline([best]: Classes): Headline | undefined {
    return best;
  }

  compare([best]: Classes, [other]: Classes): Comparison {
    const said = ({ label, confidence }: Headline): Headline => ({ label, confidence });
    if (!best || !other) throw new EyrieError('INTERNAL', 'an answer without any class cannot be compared');
    return {
      agreed: best.label === other.label,
      confidenceShift: other.confidence - best.confidence,
      said: [{ ...said(best) }, { ...said(other) }],
    };
  }

  forComparison(input: InferenceInput): InferenceInput {
    return { ...input, params: { topK: 1 } };
  }

  readonly cache: AnswerCodec<Classes> = {
    key: (params) => String(topKOf(params)),
    // `[[8,0.97],[1,0.02]]`: the labels are the version's, which the key names.
    encode: (classes) => JSON.stringify(classes.map(({ class_id, confidence }) => [class_id, confidence])),
    decode: (text, params) => decodeClasses(text, this.labels, topKOf(params)),
  };

  /** @throws Error naming the first golden image that is not classified as it must be */
  async prove(ask: (input: InferenceInput) => Promise<Classes>, read: ReadVersionFile): Promise<void> {
    for (const { image, label, minConfidence } of this.golden) {
      const [best] = await ask(this.input(await read(image), 1));
      if (!best) throw new Error(`golden image ${image} has no answer`);
      if (best.label === label && best.confidence >= minConfidence) continue;
      throw new Error(
        `golden image ${image} must be "${label}" with at least ${minConfidence}, ` +
          `but the model says "${best.label}" with ${best.confidence.toFixed(3)}`,
      );
    }
  }
}

function topKOf(params: object): number {
  return (params as { topK: number }).topK;
}

/** undefined unless the text is `topK` different classes of a version with these labels, best first. */
function decodeClasses(text: string, labels: readonly string[], topK: number): Classes | undefined {
  const pairs = parse(text);
  if (!Array.isArray(pairs) || pairs.length !== topK) return undefined;
  const classes: ClassScore[] = [];
  for (const pair of pairs as unknown[]) {
    if (!Array.isArray(pair) || pair.length !== 2) return undefined;
    const [class_id, confidence] = pair as unknown[];
    const label = typeof class_id === 'number' ? labels[class_id] : undefined;
    if (label === undefined || typeof confidence !== 'number') return undefined;
    if (confidence > (classes.at(-1)?.confidence ?? Infinity)) return undefined;
    classes.push({ class_id: class_id as number, label, confidence });
  }
  return new Set(classes.map(({ class_id }) => class_id)).size === topK ? classes : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
