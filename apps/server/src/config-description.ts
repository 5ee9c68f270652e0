import { getMetadataStorage } from 'class-validator';

/** What documentation and the chart say of a variable beside what its checks say. */
interface Description {
  /** The section that begins with it in docs/CONFIGURATION.md and .env.example. */
  section?: string;
  /** What it may be, in words, where its checks do not say it by a range or by choices. */
  allowed?: string;
  /** Set by the chart itself or kept in a Secret: no value of the chart. */
  outsideChart?: boolean;
}

/** A variable as the documentation's tables, .env.example and the chart's schema show it. */
export interface Variable extends Description {
  name: string;
  section: string;
  meaning: string;
  allowed: string;
  /** As it is written in the environment; empty for none. */
  default: string;
  /** JSON Schema of the chart's value; an empty text counts as not set, as it does for the server. */
  schema: Record<string, unknown>;
}

const descriptions = new WeakMap<object, Map<string, Description & { meaning: string }>>();

/** Describes a variable; its field needs checks and a default as well. @param meaning in Markdown */
export function Described(meaning: string, description: Description = {}): PropertyDecorator {
  return (target, key) => {
    const known = descriptions.get(target.constructor) ?? new Map<string, Description & { meaning: string }>();
    descriptions.set(target.constructor, known.set(String(key), { ...description, meaning }));
  };
}

/** All variables of a class of them, in the order of its fields. @throws Error for one that is not described */
export function describeVariables(type: new () => object): Variable[] {
  let section = '';
  return Object.entries(new type()).map(([name, value]: [string, unknown]) => {
    const known = descriptions.get(type)?.get(name);
    if (!known) throw new Error(`${name} is not described`);
    section = known.section ?? section;
    const { allowed, schema } = checked(type, name);
    const inWords = known.allowed ?? allowed;
    if (!inWords) throw new Error(`${name}: neither its checks nor its description say what it may be`);
    return {
      ...known,
      ...{ name, section, allowed: inWords, default: String(value) },
      schema: { ...schema, description: `${inWords}: ${known.meaning}`.replaceAll('`', '') },
    };
  });
}

/** What the checks of a field allow: in words, where these can say it shortly, and as JSON Schema. */
function checked(type: new () => object, name: string): { allowed?: string; schema: Record<string, unknown> } {
  const checks = getMetadataStorage()
    .getTargetValidationMetadatas(type, '', false, false)
    .filter(({ propertyName }) => propertyName === name);
  // A list is given as one text, of which a check of its items says too little.
  if (checks.some(({ each }) => each)) return { schema: { type: 'string' } };
  const of = (check: string): unknown[] | undefined => checks.find((one) => one.name === check)?.constraints;
  const whole = of('whole') as [number, number] | undefined;
  if (whole) {
    const [minimum, maximum] = whole;
    const isOpen = maximum === Number.MAX_SAFE_INTEGER;
    return {
      allowed: isOpen ? `${minimum} or more` : `${minimum} to ${maximum}`,
      schema: { type: ['integer', 'string'], minimum, ...(!isOpen && { maximum }), pattern: '^[0-9]*$' },
    };
  }
  const [choices] = (of('isIn') ?? []) as [string[]?];
  if (choices) return { allowed: inWords(choices), schema: { enum: [...choices, ''] } };
  if (checks.some((one) => one.name === 'isBoolean')) {
    return { allowed: inWords(['true', 'false']), schema: { enum: [true, false, 'true', 'false', ''] } };
  }
  const [pattern] = (of('matches') ?? []) as [RegExp?];
  if (pattern) return { schema: { type: 'string', pattern: pattern.source } };
  return { schema: { type: ['string', 'integer', 'boolean'] } };
}

function inWords(choices: readonly string[]): string {
  const quoted = choices.map((choice) => `\`${choice}\``);
  return `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`;
}
