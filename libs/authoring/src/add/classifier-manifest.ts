import type { CommonFields } from '#registry';
import type { ImageClassificationFields } from '#tasks';

/** The manifest of a classifier of images. */
export type ClassifierManifest = CommonFields & ImageClassificationFields;
