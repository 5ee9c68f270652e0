import { EyrieError, invalidField, type Limit } from '#core';
import { ASKED_ELSEWHERE, TOP_K_RULE, wholeTopK, type Asked } from '../asked';
import type { RowsSource, SentRow, Source } from '../source';
import { MAX_URL_LENGTH, urlTooLong } from '../url/image-url';
import { Allowance } from './allowance';
import { Base64 } from './base64';
import { FeaturesField } from './features-field';
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
  /** Number of items that are rows of a table. */
  rows: Limit;
}

const REFUSED_IN_ITEMS = { ...ASKED_ELSEWHERE, top_k: 'is asked for all items together: put it beside "items"' };

/**
 * `{"image": base64 or data: URI}`, `{"url": …}`, `{"inputs": {…}, "outputs": […]}` or `{"features": {…}}`, with `"top_k"` or without
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
    const source = this.item.source!;
    return 'row' in source ? { rows: [source.row] } : source;
  }
}

/** `{"items": [{"image"…} | {"url"…} | {"inputs"…} | {"features"…}], "top_k"?}`. An item that is wrong is that item's error, not the whole request's. */
export class BatchBody implements ValueTaker {
  readonly field = '';
  readonly wants = 'must be a JSON object';
  readonly asked: Asked = {};
  private readonly items: (ItemSource | EyrieError)[] = [];
  private readonly allowance: Allowance;

  constructor(private readonly limits: BodyLimits) {
    this.allowance = new Allowance(limits.all, 'the body');
    this.wrongItems = invalidField('items', this.rule);
  }

  object(): ObjectTaker {
    const fields: Fields = { items: (field) => this.itemsField(field), ...topKField(this.asked) };
    return new FieldsOf('', fields, ASKED_ELSEWHERE, () => {
      if (this.items.length === 0) throw this.wrongItems;
    });
  }

  /** In their order; rows that follow each other are one source. */
  get sources(): (Source | EyrieError)[] {
    return withRowsTogether(this.items);
  }

  private itemsField(field: string): ValueTaker {
    const items: ArrayTaker = {
      item: () => {
        const index = this.items.length;
        if (index === Math.max(this.limits.items.value, this.limits.rows.value)) throw this.wrongItems;
        this.items.push(new EyrieError('INTERNAL', 'an item that was not read'));
        return this.itemTaker(`items[${index}]`, index);
      },
    };
    return { field, wants: this.rule, array: () => items };
  }

  private itemTaker(field: string, index: number): ValueTaker {
    const { item: most, items, rows } = this.limits;
    let isRow = false;
    const requireRoom = (kind: 'row' | 'other'): void => {
      isRow = kind === 'row';
      if (index >= (kind === 'row' ? rows : items).value) throw this.wrongItems;
    };
    return {
      field,
      wants: 'must be a JSON object',
      object: () => {
        const item = new Item(`${field}.`, most, new Allowance(most, field, this.allowance), undefined, requireRoom);
        return item.members({}, REFUSED_IN_ITEMS, (source) => (this.items[index] = source));
      },
      failed: (error) => {
        // Too many of them is a fault of the body.
        if (!(error instanceof EyrieError) || error === this.wrongItems) throw error;
        // A word on each of thousands that are nothing takes long.
        if (index >= items.value && !isRow) throw this.wrongItems;
        this.items[index] = error;
      },
    };
  }

  private get rule(): string {
    const { items, rows } = this.limits;
    const [most, mostRows] = [items, rows].map(({ setting, value }) => `${value} items (${setting}=${value})`);
    return `must be a list of 1 to ${most}, or to ${mostRows} where they have "features"`;
  }

  private readonly wrongItems: EyrieError;
}

type ItemSource = Exclude<Source, RowsSource> | { row: SentRow };

/** What is wrong with an item among rows stays in its place. */
function withRowsTogether(items: readonly (ItemSource | EyrieError)[]): (Source | EyrieError)[] {
  const sources: (Source | EyrieError)[] = [];
  let rows: (SentRow | EyrieError)[] | undefined;
  for (const item of items) {
    if (item instanceof EyrieError && rows) rows.push(item);
    else if (item instanceof EyrieError || !('row' in item)) {
      sources.push(item);
      rows = undefined;
    } else if (rows) rows.push(item.row);
    else sources.push({ rows: (rows = [item.row]) });
  }
  return sources;
}

/** One question: an image, a URL, tensors or a row of a table. */
class Item {
  source: ItemSource | undefined;
  private outputs: string[] | undefined;

  constructor(
    private readonly path: string,
    private readonly most: Limit,
    private readonly allowance: Allowance,
    private readonly announced?: number,
    private readonly requireRoom: (kind: 'row' | 'other') => void = () => undefined,
  ) {}

  members(more: Fields, refused: Readonly<Record<string, string>>, then?: (source: ItemSource) => void): ObjectTaker {
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
      features: (field) => {
        this.requireNone('row');
        return new FeaturesField(field, this.allowance, (row) => this.found({ row }, 0));
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

  private found(source: ItemSource, bytes: number): void {
    this.allowance.spend(bytes);
    this.source = source;
  }

  private requireNone(kind: 'row' | 'other' = 'other'): void {
    if (this.source) throw this.oneOf();
    this.requireRoom(kind);
  }

  private oneOf(): EyrieError {
    const what = this.path ? this.path.slice(0, -1) : 'the body';
    return new EyrieError(
      'INVALID_REQUEST',
      `${what} needs exactly one of "image" and "url", of tensors "inputs", of a table "features"`,
    );
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
