import { h, type ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { ApiError, askForKey } from './api.js';

/** Text from outside: always as text, in its own direction, and cut by the style where it is too long. */
export function Outside({ children, lines }: { children: string; lines?: number }) {
  return (
    <bdi class={lines === undefined ? 'outside' : `outside clamp-${lines}`} title={children.slice(0, 4000)}>
      {children}
    </bdi>
  );
}

export function StateBadge({ state }: { state: string }) {
  return <span class={`badge state-${state}`}>{state}</span>;
}

export function CopyButton({ text, label = 'Copy' }: { text: string; label?: string }) {
  const [said, setSaid] = useState('');
  const copy = async (): Promise<void> => {
    setSaid((await copied(text)) ? 'Copied' : 'Not possible here');
    window.setTimeout(() => setSaid(''), 1500);
  };
  return (
    <button type="button" class="quiet" onClick={() => void copy()}>
      <span aria-live="polite">{said || label}</span>
    </button>
  );
}

/** The clipboard's own way is closed to pages over plain HTTP from another machine. */
async function copied(text: string): Promise<boolean> {
  if (window.isSecureContext) {
    return navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
  }
  const area = document.createElement('textarea');
  area.value = text;
  document.body.append(area);
  area.select();
  const isDone = document.execCommand('copy');
  area.remove();
  return isDone;
}

export function ErrorNote({ error }: { error: unknown }) {
  const problem = error instanceof ApiError ? error.problem : undefined;
  const detail = error instanceof Error ? error.message : String(error);
  return (
    <div class="note bad" role="alert">
      <p>
        {problem && <strong>{problem.title}. </strong>}
        <span class="outside">{detail}</span>
      </p>
      {problem && (problem.status === 401 || problem.status === 403) && (
        <button type="button" onClick={() => void askForKey(detail)}>
          Enter a key
        </button>
      )}
      {problem?.request_id && <p class="small">request {problem.request_id}</p>}
    </div>
  );
}

/** What a page shows before its data has come, or in its place. */
export function Waiting({ error }: { error: unknown }) {
  return error ? <ErrorNote error={error} /> : <p class="muted">Loading …</p>;
}

export function Facts({ children }: { children: ComponentChildren }) {
  return <dl class="facts">{children}</dl>;
}

export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
