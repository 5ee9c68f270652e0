/** Names of how images are prepared, as the form of an upload offers them. */
export { PRESET_NAMES } from '#tasks';
