import { h, type ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { TensorSpec, Version } from '../shell/api-types.js';
import { milliseconds } from '../shell/format.js';
import { ErrorNote } from '../shell/parts.js';
import { JSON_TYPE, askOnce, type Outcome, type Target } from './questions.js';
import { titleOf } from './target-choice.js';

/** So many elements of a tensor are written out; beyond it somebody pastes their own. */
const WRITTEN_OUT = 64;

/** A model of tensors is asked in JSON, which begins as what fits its graph. */
export function TensorForm({ version, targets }: { version: Version; targets: readonly Target[] }) {
  const { inputs = [], outputs = [] } = version;
  return (
    <JsonForm title="Tensors" example={{ inputs: exampleOf(inputs) }} targets={targets}>
      Takes {inputs.map(describe).join(', ') || 'tensors by name'}; answers with{' '}
      {outputs.map(describe).join(', ') || 'its outputs'}.
    </JsonForm>
  );
}

interface JsonFormProps {
  title: string;
  /** What the text begins as. */
  example: object;
  targets: readonly Target[];
  /** What is to be sent. */
  children: ComponentChildren;
}

/** A request as it is sent, and the answers as they come. */
export function JsonForm({ title, example, targets, children }: JsonFormProps) {
  const [text, setText] = useState('');
  const [outcomes, setOutcomes] = useState<readonly Outcome[]>([]);
  const beginning = JSON.stringify(example);
  useEffect(() => setText(beginning), [beginning]);
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    setOutcomes(await Promise.all(targets.map((target) => askOnce(target, { type: JSON_TYPE, body: text }))));
  };
  return (
    <section aria-labelledby="json-title">
      <h2 id="json-title">{title}</h2>
      <p class="muted">{children}</p>
      <form onSubmit={(event) => void send(event)}>
        <label>
          Request body, JSON
          <textarea rows={8} spellcheck={false} value={text} onInput={(event) => setText(event.currentTarget.value)} />
        </label>
        <div class="actions start">
          <button class="primary">Ask</button>
        </div>
      </form>
      <div class="cards" aria-live="polite">
        {outcomes.map((outcome, i) => {
          const title = titleOf(targets[i] ?? targets[0]!);
          return <RawAnswer key={title} title={title} outcome={outcome} />;
        })}
      </div>
    </section>
  );
}

function RawAnswer({ title, outcome }: { title: string; outcome: Outcome }) {
  const answer = outcome.state === 'answered' ? outcome.answer : undefined;
  return (
    <article class="card">
      <header>
        <h3>{title}</h3>
        {answer && (
          <p class="muted small">
            version {answer.model.version}, {milliseconds(answer.timing_ms.total)}
          </p>
        )}
      </header>
      {outcome.state === 'failed' && <ErrorNote error={outcome.error} />}
      {answer && (
        <pre tabIndex={0}>
          {JSON.stringify(answer.outputs ?? answer.predictions ?? answer.value, null, 1).slice(0, 20_000)}
        </pre>
      )}
    </article>
  );
}

function describe({ name, datatype, shape }: TensorSpec): string {
  return `${name}: ${datatype} [${shape.join(', ')}]`;
}

function exampleOf(inputs: readonly TensorSpec[]): Record<string, unknown> {
  return Object.fromEntries(
    inputs.map(({ name, datatype, shape }) => {
      const dimensions = shape.map((size) => (size < 0 ? 1 : size));
      const count = dimensions.reduce((product, size) => product * size, 1);
      const element = { BOOL: false, BYTES: '' }[datatype] ?? 0;
      const data = Array.from({ length: Math.min(count, WRITTEN_OUT) }, () => element);
      return [name, { shape: dimensions, datatype, data }];
    }),
  );
}
