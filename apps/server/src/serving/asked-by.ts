import { MODEL_REF, toVersionRef, VERSION_REF } from '../http/model-ref.dto';
import type { ReadAsked } from './admission';

/** As a path or a query has it. */
export type AskedText = string | string[] | undefined;

/** A model and a version as they are written, decoded; undefined where either is not valid. */
export function askedBy(model: AskedText, version: AskedText): ReturnType<ReadAsked> {
  if (!matches(MODEL_REF, model) || !matches(VERSION_REF, version)) return undefined;
  return { model, version: version === undefined ? undefined : toVersionRef(version) };
}

/** What stands in a path; the text itself where it cannot be decoded, which no reference matches then. */
export function decoded(text: string | undefined): string | undefined {
  if (!text?.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function matches(pattern: RegExp, text: AskedText): text is string | undefined {
  return text === undefined || (typeof text === 'string' && pattern.test(text));
}
