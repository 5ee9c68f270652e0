import { h } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { call } from '../shell/api.js';
import type { Prediction, TensorSpec, Version } from '../shell/api-types.js';
import { milliseconds } from '../shell/format.js';
import { ErrorNote } from '../shell/parts.js';
import { pathOf, type Target } from './questions.js';
import { titleOf } from './target-choice.js';

/** So many elements of a tensor are written out; beyond it somebody pastes their own. */
const WRITTEN_OUT = 64;

/** A model of tensors is asked in JSON, which begins as what fits its graph. */
export function TensorForm({ version, targets }: { version: Version; targets: readonly Target[] }) {
  const [text, setText] = useState('');
  const [answers, setAnswers] = useState<readonly { title: string; answer?: Prediction; error?: unknown }[]>([]);
  useEffect(() => setText(JSON.stringify({ inputs: exampleOf(version.inputs ?? []) })), [version.model]);
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    const all = targets.map(async (target) => {
      const headers = { 'Content-Type': 'application/json' };
      return call<Prediction>(pathOf(target), { method: 'POST', headers, body: text }).then(
        ({ body }) => ({ title: titleOf(target), answer: body }),
        (error: unknown) => ({ title: titleOf(target), error }),
      );
    });
    setAnswers(await Promise.all(all));
  };
  return (
    <section aria-labelledby="tensors-title">
      <h2 id="tensors-title">Tensors</h2>
      <p class="muted">
        Takes {(version.inputs ?? []).map(describe).join(', ') || 'tensors by name'}; answers with{' '}
        {(version.outputs ?? []).map(describe).join(', ') || 'its outputs'}.
      </p>
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
        {answers.map(({ title, answer, error }) => (
          <article key={title} class="card">
            <header>
              <h3>{title}</h3>
              {answer && (
                <p class="muted small">
                  version {answer.model.version}, {milliseconds(answer.timing_ms.total)}
                </p>
              )}
            </header>
            {answer ? (
              <pre tabIndex={0}>{JSON.stringify(answer.outputs, null, 1).slice(0, 20_000)}</pre>
            ) : (
              <ErrorNote error={error} />
            )}
          </article>
        ))}
      </div>
    </section>
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
