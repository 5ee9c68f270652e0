import { h } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { call } from '../shell/api.js';
import { ErrorNote, Outside } from '../shell/parts.js';
import { linkTo } from '../shell/router.js';

interface Added {
  readonly manifest: { readonly name: string; readonly version: number };
  readonly facts: readonly { readonly what: string; readonly value: string; readonly source: string }[];
  readonly warnings: readonly string[];
}

/** @param model without it, the form asks for its name */
export function AddVersion({ model, onAdded }: { model?: string; onAdded: () => void }) {
  const [isSending, setSending] = useState(false);
  const [result, setResult] = useState<{ added?: Added; error?: unknown }>({});
  const [file, setFile] = useState<File>();
  const input = useRef<HTMLInputElement>(null);
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const name = model ?? textOf(form, 'model').trim();
    form.delete('model');
    for (const [field, value] of [...form.entries()]) {
      // A field that is left empty leaves it to the file.
      if (typeof value === 'string' ? value.trim() === '' : value.size === 0) form.delete(field);
    }
    if (file) form.set('file', file, file.name);
    setSending(true);
    setResult({});
    try {
      const { body } = await call<Added>(`v1/models/${encodeURIComponent(name)}/versions`, {
        method: 'POST',
        body: form,
      });
      setResult({ added: body });
      setFile(undefined);
      onAdded();
    } catch (error) {
      setResult({ error });
    }
    setSending(false);
  };
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    setFile(event.dataTransfer?.files[0]);
  };
  return (
    <details class="card add">
      <summary>{model === undefined ? 'Add a model' : 'Add a version'}</summary>
      <p class="muted small">
        An ONNX file. It is loaded and tried out first, and becomes a version whole or not at all; nobody is served by
        it until the policy says so, except by the first version of a new model. Needs an admin key.
      </p>
      <form onSubmit={(event) => void send(event)} class="grid">
        {model === undefined && (
          <label>
            Name of the model
            <input name="model" required pattern="[a-z0-9][a-z0-9._\-]*" maxLength={63} spellcheck={false} />
          </label>
        )}
        <div class="drop small-drop" onDragOver={(event) => event.preventDefault()} onDrop={drop}>
          <label class="button">
            Choose the ONNX file
            <input
              ref={input}
              type="file"
              class="visually-hidden"
              accept=".onnx"
              onChange={() => setFile(input.current?.files?.[0])}
            />
          </label>
          <p class="small">{file ? <Outside lines={1}>{file.name}</Outside> : 'or drop it here'}</p>
        </div>
        <label>
          Labels, one a line or JSON
          <input type="file" name="labels" accept=".txt,.json" />
        </label>
        <label>
          How images are prepared
          <select name="preset">
            <option value="">as the file says</option>
            <option>imagenet</option>
            <option>imagenet-bgr</option>
            <option>cifar10</option>
            <option>none</option>
          </select>
        </label>
        <label>
          Description
          <input name="description" maxLength={200} />
        </label>
        <label>
          License
          <input name="license" maxLength={60} />
        </label>
        <div class="actions start">
          <button class="primary" disabled={isSending || !file}>
            {isSending ? 'Trying it out …' : 'Add'}
          </button>
        </div>
      </form>
      <div aria-live="polite">
        {result.error !== undefined && <ErrorNote error={result.error} />}
        {result.added && <AddedNote added={result.added} />}
      </div>
    </details>
  );
}

function AddedNote({ added: { manifest, facts, warnings } }: { added: Added }) {
  return (
    <div class="note good">
      <p>
        <a href={linkTo('models', manifest.name)}>{manifest.name}</a> version {manifest.version} is there.
      </p>
      {warnings.map((warning) => (
        <p key={warning}>
          <strong>To look at: </strong>
          <Outside>{warning}</Outside>
        </p>
      ))}
      <ul class="small">
        {facts.map(({ what, value, source }) => (
          <li key={what}>
            {what}: <Outside>{value}</Outside> <span class="muted">({source})</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function textOf(form: FormData, field: string): string {
  const value = form.get(field);
  return typeof value === 'string' ? value : '';
}
