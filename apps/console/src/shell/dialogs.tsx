import { h, type ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { keyQuestion, type KeyQuestion } from './api.js';
import { createStore, useStore } from './store.js';

/** The browser's own dialog: it keeps the focus inside, and Escape leaves it. */
export function Dialog({
  title,
  onLeave,
  children,
}: {
  title: string;
  onLeave: () => void;
  children: ComponentChildren;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby="dialog-title" onCancel={onLeave}>
      <h2 id="dialog-title">{title}</h2>
      {children}
    </dialog>
  );
}

export function KeyDialog() {
  const question = useStore(keyQuestion);
  return question ? <KeyForm question={question} /> : null;
}

function KeyForm({ question }: { question: KeyQuestion }) {
  const [key, setKey] = useState('');
  const send = (event: Event): void => {
    event.preventDefault();
    if (key.trim() !== '') question.answer(key.trim());
  };
  return (
    <Dialog title="An API key is needed" onLeave={() => question.answer(null)}>
      <p class="outside">{question.why}</p>
      <form onSubmit={send}>
        <label>
          API key
          <input
            type="password"
            autocomplete="off"
            spellcheck={false}
            value={key}
            onInput={(event) => setKey(event.currentTarget.value)}
          />
        </label>
        <p class="small muted">It is kept until this tab is closed, and goes to this server only.</p>
        <div class="actions">
          <button type="button" onClick={() => question.answer(null)}>
            Cancel
          </button>
          <button class="primary" disabled={key.trim() === ''}>
            Use it
          </button>
        </div>
      </form>
    </Dialog>
  );
}

interface Confirmation {
  readonly title: string;
  /** What will happen, in words. */
  readonly words: readonly string[];
  readonly verb: string;
  readonly isDanger?: boolean;
  readonly answer: (isWanted: boolean) => void;
}

const confirmation = createStore<Confirmation | null>(null);

/** Says in words what will happen. @returns whether it is wanted */
export function confirmed(asked: Omit<Confirmation, 'answer'>): Promise<boolean> {
  return new Promise((resolve) => {
    confirmation.set({
      ...asked,
      answer: (isWanted) => {
        confirmation.set(null);
        resolve(isWanted);
      },
    });
  });
}

export function ConfirmDialog() {
  const asked = useStore(confirmation);
  if (!asked) return null;
  return (
    <Dialog title={asked.title} onLeave={() => asked.answer(false)}>
      {asked.words.map((sentence) => (
        <p key={sentence} class="outside">
          {sentence}
        </p>
      ))}
      <div class="actions">
        <button type="button" onClick={() => asked.answer(false)}>
          Cancel
        </button>
        <button type="button" class={asked.isDanger ? 'danger' : 'primary'} onClick={() => asked.answer(true)}>
          {asked.verb}
        </button>
      </div>
    </Dialog>
  );
}
