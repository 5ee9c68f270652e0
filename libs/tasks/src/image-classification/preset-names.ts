/** Of the ways of preparing images that a version may be added with. */
export const PRESET_NAMES = ['imagenet', 'imagenet-bgr', 'inception', 'cifar10', 'none', 'raw'] as const;

export type PresetName = (typeof PRESET_NAMES)[number];
