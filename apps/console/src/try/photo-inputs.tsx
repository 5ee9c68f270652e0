import { h } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ErrorNote } from '../shell/parts.js';
import { addBlob, addFiles, addUrl } from './photos.js';
import { addressOf, useSamples } from './samples.js';

/** Every way to bring a photo here. */
export function PhotoInputs() {
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    const paste = (event: ClipboardEvent): void => {
      const files = event.clipboardData?.files;
      if (files && files.length > 0) addFiles(files);
    };
    // Beside the target, a browser would leave the page and show the file.
    const over = (event: DragEvent): void => {
      event.preventDefault();
      setOver(true);
    };
    const drop = (event: DragEvent): void => {
      event.preventDefault();
      setOver(false);
      if (event.dataTransfer && event.dataTransfer.files.length > 0) addFiles(event.dataTransfer.files);
    };
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setOver(false);
    };
    const listeners = { paste, dragover: over, drop, dragleave: leave } as Record<string, (event: never) => void>;
    for (const [name, listener] of Object.entries(listeners))
      document.addEventListener(name, listener as EventListener);
    return () => {
      for (const [name, listener] of Object.entries(listeners))
        document.removeEventListener(name, listener as EventListener);
    };
  }, []);
  return (
    <section aria-labelledby="photos-title">
      <h2 id="photos-title">Photos</h2>
      <div class={isOver ? 'drop over' : 'drop'}>
        <p>Drop photos anywhere on this page, or paste one.</p>
        <div class="actions start">
          <FileButton label="Choose photos" />
          <FileButton label="Take a photo" isCamera />
        </div>
        <UrlForm />
      </div>
      <Samples />
    </section>
  );
}

function FileButton({ label, isCamera = false }: { label: string; isCamera?: boolean }) {
  const input = useRef<HTMLInputElement>(null);
  const choose = (): void => {
    const { current } = input;
    if (current?.files) addFiles(current.files);
    // So that the same file can be chosen again.
    if (current) current.value = '';
  };
  return (
    <label class={isCamera ? 'button camera' : 'button primary'}>
      {label}
      <input
        ref={input}
        type="file"
        class="visually-hidden"
        accept="image/*"
        multiple={!isCamera}
        capture={isCamera ? 'environment' : undefined}
        onChange={choose}
      />
    </label>
  );
}

function UrlForm() {
  const [url, setUrl] = useState('');
  const send = (event: Event): void => {
    event.preventDefault();
    if (url.trim() === '') return;
    addUrl(url.trim());
    setUrl('');
  };
  return (
    <form class="inline" onSubmit={send}>
      <label class="grow">
        <span class="visually-hidden">Address of a picture, which the server fetches</span>
        <input
          type="url"
          inputMode="url"
          placeholder="https://… the server fetches it"
          value={url}
          onInput={(event) => setUrl(event.currentTarget.value)}
        />
      </label>
      <button disabled={url.trim() === ''}>Add</button>
    </form>
  );
}

function Samples() {
  const names = useSamples((name) => !name.endsWith('.csv'));
  const [error, setError] = useState<unknown>();
  if (names.length === 0) return null;
  const add = async (name: string): Promise<void> => {
    try {
      addBlob(name.split('/').at(-1)!, await (await fetch(addressOf(name))).blob());
      setError(undefined);
    } catch {
      setError(new Error('The sample could not be fetched.'));
    }
  };
  return (
    <div class="samples">
      <p class="muted small" id="samples-title">
        Or one of these
      </p>
      <ul aria-labelledby="samples-title">
        {names.map((name) => (
          <li key={name}>
            <button type="button" class="thumbnail" title={name} onClick={() => void add(name)}>
              <img src={thumbnailOf(name)} alt={`Sample ${name}`} width="56" height="56" loading="lazy" />
            </button>
          </li>
        ))}
      </ul>
      {error !== undefined && <ErrorNote error={error} />}
    </div>
  );
}

/** As `npm run verify:console -- --screenshot` draws them: `photos/cat.jpg` → `thumbnails/photos-cat.jpg.webp`. */
function thumbnailOf(sample: string): string {
  return addressOf(`thumbnails/${sample.replaceAll('/', '-')}.webp`);
}
