import { h } from 'preact';
import { useState } from 'preact/hooks';
import type { Classified, Prediction } from '../shell/api-types.js';
import { confidence, milliseconds } from '../shell/format.js';
import { CopyButton, ErrorNote, Outside } from '../shell/parts.js';
import type { Outcome, Target } from './questions.js';
import { LANGUAGES, snippet, type Language, type Question } from './snippets.js';
import { titleOf } from './target-choice.js';

interface Props {
  /** What is asked, of whom. */
  question: Question;
  /** What is asked about, for those who do not see the page. */
  about: string;
  outcome: Outcome | undefined;
  /** Of a regression. */
  unit?: string;
  /** The best class of the first card, which the others are held against. */
  reference?: Classified;
}

/** What one of those who were asked says of one photo, or of one row of a table. */
export function AnswerCard({ question, about, outcome, unit, reference }: Props) {
  const { target } = question;
  return (
    <article class="card" aria-label={`${titleOf(target)}: ${about}`}>
      <header>
        <h3>{titleOf(target)}</h3>
        {outcome?.state === 'answered' && <Answerer target={target} answer={outcome.answer} />}
      </header>
      {(outcome === undefined || outcome.state === 'waiting') && <p class="muted">Asking …</p>}
      {outcome?.state === 'failed' && <ErrorNote error={outcome.error} />}
      {outcome?.state === 'answered' && (
        <Answer answer={outcome.answer} elapsedMs={outcome.elapsedMs} unit={unit} reference={reference} />
      )}
      <Code key={`${target.version} ${about}`} question={question} />
    </article>
  );
}

/** What the title does not say already. */
function Answerer({ target, answer: { model, cached } }: { target: Target; answer: Prediction }) {
  const said = [
    target.version === String(model.version) ? '' : `version ${model.version}`,
    model.variant === null ? '' : `variant ${model.variant}`,
    cached ? 'from the cache' : '',
  ];
  return <p class="muted small">{said.filter(Boolean).join(', ') || 'computed'}</p>;
}

interface AnswerProps {
  answer: Prediction;
  elapsedMs: number;
  unit?: string;
  reference?: Classified;
}

function Answer({ answer, elapsedMs, unit, reference }: AnswerProps) {
  return (
    <div>
      {answer.value === undefined ? (
        <Classes classes={answer.predictions ?? []} reference={reference} />
      ) : (
        <p class="value">
          {answer.value.toPrecision(6)} {unit !== undefined && <Outside lines={1}>{unit}</Outside>}
        </p>
      )}
      <TimeStrip answer={answer} elapsedMs={elapsedMs} />
      <p class="request-id small muted">
        Request <code>{answer.request_id}</code> <CopyButton text={answer.request_id} />
      </p>
    </div>
  );
}

function Classes({ classes, reference }: { classes: readonly Classified[]; reference?: Classified }) {
  const [best] = classes;
  const isOther = reference !== undefined && best !== undefined && best.class_id !== reference.class_id;
  return (
    <div>
      {isOther && (
        <p class="differs">
          Another best class than <Outside lines={1}>{reference.label}</Outside>
        </p>
      )}
      {classes.length === 0 && <p class="muted">No class reaches the threshold.</p>}
      <ol class="bars">
        {classes.map((each) => (
          <Bar key={each.class_id} classified={each} largest={Math.max(1, ...classes.map((one) => one.confidence))} />
        ))}
      </ol>
    </div>
  );
}

function Bar({ classified: { label, confidence: value }, largest }: { classified: Classified; largest: number }) {
  return (
    <li>
      <span class="bar-label">
        <Outside lines={2}>{label}</Outside>
        <span class="number">{confidence(value)}</span>
      </span>
      <span class="bar" aria-hidden="true">
        <span style={{ width: `${Math.max(0, (value / largest) * 100)}%` }} />
      </span>
    </li>
  );
}

/** Where the time went, as the server measured it, and what lies around it. */
function TimeStrip({ answer: { timing_ms: timing, cached }, elapsedMs }: { answer: Prediction; elapsedMs: number }) {
  const within = cached ? 0 : timing.queue + timing.decode + timing.inference;
  const parts = [
    { name: 'queue', ms: timing.queue },
    { name: 'decode', ms: timing.decode },
    { name: 'inference', ms: timing.inference },
    { name: 'server', ms: Math.max(0, timing.total - within) },
    { name: 'way', ms: Math.max(0, elapsedMs - timing.total) },
  ];
  const whole = parts.reduce((sum, { ms }) => sum + ms, 0) || 1;
  return (
    <div class="strip">
      <div class="strip-bar" aria-hidden="true">
        {parts.map(({ name, ms }) => (
          <span key={name} class={`time-${name}`} style={{ width: `${(ms / whole) * 100}%` }} />
        ))}
      </div>
      <ul class="legend small">
        {parts.map(({ name, ms }) => (
          <li key={name}>
            <span class={`dot time-${name}`} aria-hidden="true" />
            {LEGEND[name]} <span class="number">{milliseconds(ms)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

const LEGEND: Readonly<Record<string, string>> = {
  queue: 'queue',
  decode: 'decode',
  inference: 'inference',
  server: 'rest of the server',
  way: 'sending and network',
};

function Code({ question }: { question: Question }) {
  const [language, setLanguage] = useState<Language>('curl');
  const text = snippet(language, question);
  return (
    <details class="code">
      <summary>The same request as code</summary>
      <div class="tabs">
        {LANGUAGES.map((each) => (
          <button key={each} type="button" aria-pressed={each === language} onClick={() => setLanguage(each)}>
            {each}
          </button>
        ))}
        <CopyButton text={text} />
      </div>
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
    </details>
  );
}
