import { h } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Version } from '../shell/api-types.js';
import { Outside } from '../shell/parts.js';
import { AnswerCard } from './answer-card.js';
import { JSON_TYPE, askOnce, type Outcome, type Target } from './questions.js';
import { addressOf, useSamples } from './samples.js';
import { JsonForm } from './tensor-form.js';

/** As the manifest has it. */
interface Feature {
  readonly name: string;
  readonly type: 'number' | 'category' | 'boolean';
  readonly values?: readonly string[];
  readonly required?: boolean;
  readonly default?: number | string | boolean;
}

type Row = Readonly<Record<string, string>>;

/** So many rows of a sample are offered. */
const SAMPLE_ROWS = 3;

/** Of so many features there is a form; nobody types more. */
const MOST_FIELDS = 200;

interface Props {
  version: Version;
  targets: readonly Target[];
}

/** A model of tables is asked about one row. */
export function TableForm({ version, targets }: Props) {
  const features = (version.manifest?.features ?? []) as readonly Feature[];
  if (features.length <= MOST_FIELDS) return <RowForm version={version} targets={targets} features={features} />;
  const example = Object.fromEntries(features.map(({ name, values }) => [name, values?.[0] ?? 0]));
  return (
    <JsonForm title="One row" example={{ features: example }} targets={targets}>
      Takes {features.length} features by name.
    </JsonForm>
  );
}

/** In a form made from its features. */
function RowForm({ version, targets, features }: Props & { features: readonly Feature[] }) {
  const [row, setRow] = useState<Row>(() => rowOf(features, {}));
  const [asked, setAsked] = useState<{ features: object; outcomes: readonly (Outcome | undefined)[] }>();
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    const json = { features: valuesOf(features, row) };
    setAsked({ ...json, outcomes: [] });
    const sent = { type: JSON_TYPE, body: JSON.stringify(json) };
    setAsked({ ...json, outcomes: await Promise.all(targets.map((target) => askOnce(target, sent))) });
  };
  const [first] = asked?.outcomes ?? [];
  const best = first?.state === 'answered' ? first.answer.predictions?.[0] : undefined;
  const { target, unit } = version.manifest as { target?: string; unit?: string };
  return (
    <section aria-labelledby="row-title">
      <h2 id="row-title">One row</h2>
      <SampleRows model={version.model} onChoose={(sample) => setRow(rowOf(features, sample))} />
      <form onSubmit={(event) => void send(event)}>
        <div class="features">
          {features.map((feature) => (
            <Field
              key={feature.name}
              feature={feature}
              value={row[feature.name] ?? ''}
              onInput={(value) => setRow({ ...row, [feature.name]: value })}
            />
          ))}
        </div>
        <div class="actions start">
          <button class="primary">Ask</button>
          <button type="button" class="quiet" onClick={() => setRow(rowOf(features, {}))}>
            Clear
          </button>
        </div>
      </form>
      {asked && (
        <div class="cards" aria-live="polite">
          {targets.map((each, i) => (
            <AnswerCard
              key={`${each.model} ${each.version}`}
              question={{ target: each, type: JSON_TYPE, json: { features: asked.features } }}
              about={target ?? 'one row'}
              outcome={asked.outcomes[i]}
              unit={unit ?? target}
              reference={i === 0 ? undefined : best}
            />
          ))}
        </div>
      )}
    </section>
  );
}

interface FieldProps {
  feature: Feature;
  value: string;
  onInput: (value: string) => void;
}

function Field({ feature: { name, type, values, required = true }, value, onInput }: FieldProps) {
  const choices = type === 'boolean' ? ['true', 'false'] : values;
  return (
    <label>
      <span>
        <Outside lines={1}>{name}</Outside> {!required && <span class="muted small">may be missing</span>}
      </span>
      {choices ? (
        <select value={value} onChange={(event) => onInput(event.currentTarget.value)}>
          <option value="">{required ? 'choose …' : 'missing'}</option>
          {choices.map((choice) => (
            <option key={choice} value={choice}>
              {choice}
            </option>
          ))}
        </select>
      ) : (
        <input
          inputMode={type === 'number' ? 'decimal' : undefined}
          value={value}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      )}
    </label>
  );
}

/** The first rows of the table that comes with a bundled model. */
function SampleRows({ model, onChoose }: { model: string; onChoose: (row: Row) => void }) {
  const [file] = useSamples((name) => name === `${model}.csv`);
  const [rows, setRows] = useState<readonly Row[]>([]);
  useEffect(() => {
    if (file === undefined) return;
    fetch(addressOf(file))
      .then((response) => response.text())
      .then(
        (text) => setRows(readRows(text)),
        () => undefined,
      );
  }, [file]);
  if (rows.length === 0) return null;
  return (
    <div class="actions start sample-rows">
      {rows.map((row, i) => (
        <button key={i} type="button" onClick={() => onChoose(row)}>
          Sample row {i + 1}
        </button>
      ))}
    </div>
  );
}

/** Of a table without quotation marks, as the samples are. */
function readRows(text: string): Row[] {
  const [header = '', ...lines] = text.split(/\r?\n/);
  const names = header.split(',');
  return lines.slice(0, SAMPLE_ROWS).map((line) => {
    const cells = line.split(',');
    return Object.fromEntries(names.map((name, i) => [name, cells[i] ?? '']));
  });
}

/** What the form shows: what is given, or what the manifest says where nothing is. */
function rowOf(features: readonly Feature[], given: Row): Row {
  return Object.fromEntries(
    features.map((feature) => [feature.name, given[feature.name] ?? `${feature.default ?? ''}`]),
  );
}

/**
 * What is sent. A text that is no number is sent as it is: the server says which field is wrong, and why. What is left empty is left
 * out, for the server to say whether it may be.
 */
function valuesOf(features: readonly Feature[], row: Row): Record<string, unknown> {
  const given = features.filter(({ name }) => (row[name] ?? '').trim() !== '');
  return Object.fromEntries(given.map(({ name, type }) => [name, valueOf(type, row[name]!.trim())]));
}

function valueOf(type: Feature['type'], text: string): unknown {
  if (type === 'number') return Number.isFinite(Number(text)) ? Number(text) : text;
  return type === 'boolean' ? text === 'true' : text;
}
