import { harmless } from '#core';
import { isStorageFailure } from '../stores/storage-error';
import { ModelVersion } from '../versions/model-version';
import { readManifest } from '../versions/version-files';
import { isInUse } from './model';
import type { Surroundings } from './surroundings';

type Versions = ReadonlyMap<number, ModelVersion>;

/** Reads what the store has of the versions of one model. */
export class VersionReader {
  constructor(
    private readonly model: string,
    private readonly around: Surroundings,
    /** Told of each change of a version's state, before the observer is. */
    private readonly onState: () => void,
  ) {}

  /** All of `known`, those that are gone from the store among them, and what is new. @throws StorageError */
  async read(numbers: readonly number[], known: Versions): Promise<Map<number, ModelVersion>> {
    const read = await Promise.all(
      numbers.map(async (number) => [number, await this.readVersion(number, known.get(number))] as const),
    );
    return new Map([...known, ...read].sort(([a], [b]) => a - b));
  }

  /** Those whose manifest can be read, where the server is to serve what it can; all, where none can. @throws StorageError */
  async servable(numbers: readonly number[], known: Versions): Promise<readonly number[]> {
    if (this.around.options.require !== 'any') return numbers;
    const versions = await this.read(numbers, known);
    const readable = numbers.filter((number) => versions.get(number)?.manifest);
    return readable.length > 0 ? readable : numbers;
  }

  /** The same as before, unless it is new, or is not served and its files have changed, or its storage failed. */
  private async readVersion(number: number, known: ModelVersion | undefined): Promise<ModelVersion> {
    if (known && isInUse(known)) return known;
    const { store, predictors, observer, options: rules } = this.around;
    const fingerprint = await store.versionFingerprint(this.model, number);
    if (known?.fingerprint === fingerprint && !known.isWorthAnotherTry) return known;
    const folder = (): Promise<string> => store.versionFolder(this.model, number);
    const manifest = await readManifest(await folder(), this.model, number, store.files).catch((error: unknown) => {
      if (isStorageFailure(error)) throw error;
      return null;
    });
    // A request may have had it loaded meanwhile.
    if (known && isInUse(known)) return known;
    const watching = observer.forVersion?.(this.model, number);
    const options = {
      predictors,
      files: store.files,
      signatures: rules.signatures,
      observer: watching && harmless('predictor', watching),
    };
    return new ModelVersion(this.model, number, folder, manifest, fingerprint, options, (version) => {
      this.onState();
      observer.onState?.(version);
    });
  }
}
