export { type AddedVersion, type AddOptions, type AddRequest, addVersion } from './add/add-version';
export { tryPreparations, type TriedPreparation } from './add/try-preparations';
export type { Fact } from './add/facts';
export { type PresetName, PRESETS } from './add/presets';
export { type Catalog, type CatalogEntry, InvalidCatalogError, readCatalog, sourcesOf } from './catalog/catalog';
export { download, type DownloadObserver, type DownloadOptions, type WantedFile } from './catalog/download';
export { DownloadError, DownloadStopped } from './catalog/download-errors';
export { shownUrl } from './catalog/model-url';
