import type { Question } from './question';

export interface Answer {
  model: { name: string; version: number; variant: string | null };
  /** Best first, of a classifier. */
  predictions?: readonly { class_id: number; label: string; confidence: number | null }[];
  /** Of a model of tensors. */
  outputs?: unknown;
  /** Of a regression. */
  value?: number;
  /** Of several questions: an answer for each, in their order, or what is wrong with it. */
  results?: readonly (Pick<Answer, 'predictions' | 'outputs' | 'value'> & {
    index: number;
    error?: { code: string; detail: string };
  })[];
}

/** Who answers. */
export interface Oracle {
  /** @throws EyrieError */
  ask(question: Question): Promise<Answer>;
  /** Whether an error is no fault of one question. */
  concernsAll(error: unknown): boolean;
  stop(): Promise<void>;
}

export interface Asked {
  model?: string;
  version?: number | string;
  top?: number;
  routingKey?: string;
}
