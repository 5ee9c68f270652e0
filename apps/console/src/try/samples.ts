import { useEffect, useState } from 'preact/hooks';
import { SERVER } from '../shell/api.js';

interface About {
  /** Pictures and tables that come with the server, by their paths. */
  readonly samples: readonly string[];
}

/** Those that `isWanted` takes; none until they are known, or where the server has none. */
export function useSamples(isWanted: (name: string) => boolean): readonly string[] {
  const [names, setNames] = useState<readonly string[]>([]);
  useEffect(() => {
    fetch(`${SERVER}console/about.json`)
      .then((response) => response.json() as Promise<About>)
      .then(
        ({ samples }) => setNames(samples),
        () => undefined,
      );
  }, []);
  return names.filter(isWanted);
}

export function addressOf(sample: string): string {
  return `${SERVER}console/samples/${sample}`;
}
