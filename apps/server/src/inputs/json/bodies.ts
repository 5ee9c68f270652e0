import { EyrieError, invalidField, type Limit } from '#core';
import { ASKED_ELSEWHERE, TOP_K_RULE, wholeTopK, type Asked } from '../asked';
import type { Source } from '../source';
import { MAX_URL_LENGTH, urlTooLong } from '../url/image-url';
import { Allowance } from './allowance';
import { Base64 } from './base64';
import { FieldsOf, stringField, stringListField, type Fields } from './fields';
import type { ArrayTaker, ObjectTaker, ValueTaker } from './takers';
import { tensorsField } from './tensor-field';

/** More than any graph has. */
const MAX_OUTPUTS = 1000;
const MAX_OUTPUT_BYTES = 1024;

/** A character of a URL may take so many bytes. */
const MAX_URL_BYTES = 4 * MAX_URL_LENGTH;

export interface BodyLimits {
  /** Bytes of one item. */
  item: Limit;
  /** Bytes of all items together. */
  all: Limit;
  /** Number of items. */
  items: Limit;
}

const REFUSED_IN_ITEMS = { ...ASKED_ELSEWHERE, top_k: 'is asked for all items together: put it beside "items"' };

/**
 * `{"image": base64 or data: URI}`, `{"url": …}` or `{"inputs": {…}, "outputs": […]}`, with `"top_k"` or without
 * @param announced how many bytes an image is expected to have, if that is known
 */
export class SingleBody implements ValueTaker {
  readonly field = '';
  readonly wants = 'must be a JSON object';
  readonly asked: Asked = {};
  private readonly item: Item;

  constructor({ item }: Pick<BodyLimits, 'item'>, announced?: number) {
    this.item = new Item('', item, new Allowance(item, 'the body'), announced);
  }

  object(): ObjectTaker {
    return this.item.members({ ...topKField(this.asked) }, ASKED_ELSEWHERE);
  }

  get source(): Source {
    return this.item.source!;
  }
}

/** `{"items": [{"image"…} | {"url"…} | {"inputs"…}], "top_k"?}`. An item that is wrong is that item's error, not the whole request's. */
export class BatchBody implements ValueTaker {
  readonly field = '';
  readonly wants = 'must be a JSON object';
  readonly asked: Asked = {};
  readonly sources: (Source | EyrieError)[] = [];
  private readonly allowance: Allowance;

  constructor(private readonly limits: BodyLimits) {
    this.allowance = new Allowance(limits.all, 'the body');
  }

  object(): ObjectTaker {
    const fields: Fields = { items: (field) => this.itemsField(field), ...topKField(this.asked) };
    return new FieldsOf('', fields, ASKED_ELSEWHERE, () => {
      if (this.sources.length === 0) throw this.wrongItems();
    });
  }

  private itemsField(field: string): ValueTaker {
    const items: ArrayTaker = {
      item: () => {
        const index = this.sources.length;
        if (index === this.limits.items.value) throw this.wrongItems();
        this.sources.push(new EyrieError('INTERNAL', 'an item that was not read'));
        return this.itemTaker(`items[${index}]`, index);
      },
    };
    return { field, wants: this.rule, array: () => items };
  }

  private itemTaker(field: string, index: number): ValueTaker {
    const { item: most } = this.limits;
    return {
      field,
      wants: 'must be a JSON object',
      object: () => {
        const item = new Item(`${field}.`, most, new Allowance(most, field, this.allowance));
        return item.members({}, REFUSED_IN_ITEMS, (source) => (this.sources[index] = source));
      },
      failed: (error) => {
        if (!(error instanceof EyrieError)) throw error;
        this.sources[index] = error;
      },
    };
  }

  private get rule(): string {
    const { setting, value } = this.limits.items;
    return `must be a list of 1 to ${value} items (${setting}=${value})`;
  }

  private wrongItems(): EyrieError {
    return invalidField('items', this.rule);
  }
}

/** One question: an image, a URL or tensors. */
class Item {
  source: Source | undefined;
  private outputs: string[] | undefined;

  constructor(
    private readonly path: string,
    private readonly most: Limit,
    private readonly allowance: Allowance,
    private readonly announced?: number,
  ) {}

  members(more: Fields, refused: Readonly<Record<string, string>>, then?: (source: Source) => void): ObjectTaker {
    const { path } = this;
    const fields: Fields = {
      image: (field) => {
        this.requireNone();
        const sink = () => new Base64(field, this.most, this.announced, (bytes) => this.found({ bytes }, bytes.length));
        return { field, wants: 'must be a string, base64 or a data: URI', string: sink };
      },
      url: (field) => {
        this.requireNone();
        return stringField(field, (url) => this.found({ url }, 0), { maxBytes: MAX_URL_BYTES, tooLong: urlTooLong });
      },
      inputs: (field) => {
        this.requireNone();
        return tensorsField(field, this.allowance, (inputs) => this.found({ inputs, path }, 0));
      },
      outputs: (field) => {
        const limits = { maxItems: MAX_OUTPUTS, maxBytes: MAX_OUTPUT_BYTES };
        return stringListField(field, (names) => (this.outputs = names), limits);
      },
      ...more,
    };
    return new FieldsOf(path, fields, refused, () => {
      if (!this.source) throw this.oneOf();
      if ('inputs' in this.source) this.source.outputs = this.outputs;
      else if (this.outputs) throw invalidField(`${path}outputs`, 'belongs to "inputs", which are not there');
      then?.(this.source);
    });
  }

  private found(source: Source, bytes: number): void {
    this.allowance.spend(bytes);
    this.source = source;
  }

  private requireNone(): void {
    if (this.source) throw this.oneOf();
  }

  private oneOf(): EyrieError {
    const what = this.path ? this.path.slice(0, -1) : 'the body';
    return new EyrieError('INVALID_REQUEST', `${what} needs exactly one of "image" and "url", or of tensors "inputs"`);
  }
}

function topKField(asked: Asked): Fields {
  return {
    top_k: (field) => ({
      field,
      wants: TOP_K_RULE,
      number: (value) => (asked.topK = wholeTopK(value)),
    }),
  };
}
