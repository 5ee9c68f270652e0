import { h, render } from 'preact';
import { useEffect } from 'preact/hooks';
import { HealthPage } from './health/health-page.js';
import { ModelPage } from './models/model-page.js';
import { ModelsPage } from './models/models-page.js';
import { apiKey, askForKey, reachable, SERVER } from './shell/api.js';
import { ConfirmDialog, KeyDialog } from './shell/dialogs.js';
import { linkTo, place } from './shell/router.js';
import { useStore } from './shell/store.js';
import { TrafficPage } from './traffic/traffic-page.js';
import { TryPage } from './try/try-page.js';

const PAGES = [
  { path: 'try', title: 'Try' },
  { path: 'models', title: 'Models' },
  { path: 'traffic', title: 'Traffic' },
  { path: 'health', title: 'Health' },
] as const;

function App() {
  const [page = 'try', name] = useStore(place);
  useEffect(() => {
    const title = name ?? PAGES.find(({ path }) => path === page)?.title;
    document.title = title === undefined ? 'Eyrie' : `${title} · Eyrie`;
  }, [page, name]);
  return (
    <div class="page">
      <a class="skip" href="#content" onClick={toContent}>
        Skip to content
      </a>
      <header>
        <a class="brand" href={linkTo('try')}>
          <img src={`${SERVER}favicon.svg`} alt="" width="28" height="28" />
          <span>Eyrie</span>
        </a>
        <nav aria-label="Console">
          {PAGES.map(({ path, title }) => (
            <a key={path} href={linkTo(path)} aria-current={path === page ? 'page' : undefined}>
              {title}
            </a>
          ))}
        </nav>
        <KeyStatus />
      </header>
      <Away />
      <main id="content" tabIndex={-1}>
        <Content page={page} name={name} />
      </main>
      <footer>
        <a href={`${SERVER}docs`}>API documentation</a>
        <a href={`${SERVER}health`}>Health</a>
        <a href={`${SERVER}metrics`}>Metrics</a>
      </footer>
      <KeyDialog />
      <ConfirmDialog />
    </div>
  );
}

function Content({ page, name }: { page: string; name: string | undefined }) {
  if (page === 'traffic') return <TrafficPage name={name} />;
  if (page === 'health') return <HealthPage />;
  if (page !== 'models') return <TryPage />;
  return name === undefined ? <ModelsPage /> : <ModelPage name={name} />;
}

function toContent(event: Event): void {
  event.preventDefault();
  document.getElementById('content')?.focus();
}

function KeyStatus() {
  const key = useStore(apiKey);
  if (key === '') {
    return (
      <button type="button" class="quiet" onClick={() => void askForKey('It is sent with everything from here on.')}>
        Enter a key
      </button>
    );
  }
  return (
    <button type="button" class="quiet" onClick={() => apiKey.set('')}>
      Forget the key
    </button>
  );
}

function Away() {
  const isThere = useStore(reachable);
  return (
    <div role="status" class={isThere ? undefined : 'away'}>
      {isThere
        ? ''
        : 'The server does not answer. What is shown is what was known last; it is asked again every two seconds.'}
    </div>
  );
}

render(<App />, document.getElementById('app')!);
