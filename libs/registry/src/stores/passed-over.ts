import { MODEL_NAME } from '../versions/manifest';
import type { FolderEntry } from './file-calls';

/** Told of what lies where a model or a version is looked for and is neither, in a sentence that says what name would do. */
export type OnPassedOver = (sentence: string) => void;

export const VERSION_NAME = /^[1-9]\d{0,8}$/;

/** What people and tools put beside models without meaning it to be one. */
const BESIDE = /^(\.|lost\+found$|readme|licen[cs]e|notice|(catalog|registry)\.json$)|\.(md|txt|sha256|asc|sig)$/i;
const OF_A_MODEL = /^policy(\.json$|-history$|\.json\..*\.draft$)/;
/** What belongs in the folder of a version. */
const OF_A_VERSION = /^model\.json$|^labels\.|\.(onnx|data|json)$/i;

/** @param entries of the registry's folder */
export function passedOverAsModels(entries: readonly FolderEntry[], tell: OnPassedOver): void {
  for (const { name, kind } of entries) {
    if (BESIDE.test(name)) continue;
    if (kind === 'file' || kind === 'other') {
      tell(
        `${name} is passed over: a model is a folder with numbered versions in it; "models add" makes one of an ONNX file`,
      );
    } else if (!MODEL_NAME.test(name)) {
      const better = modelName(name);
      tell(
        `the folder ${name} is passed over: the name of a model has lower-case letters, digits, ".", "_" and "-"` +
          (better === undefined ? '' : `; ${better} would do`),
      );
    }
  }
}

/** @param entries of a model's folder */
export function passedOverAsVersions(model: string, entries: readonly FolderEntry[], tell: OnPassedOver): void {
  const taken = new Set(entries.map(({ name }) => name));
  for (const { name, kind } of entries) {
    if (VERSION_NAME.test(name) && kind !== 'file' && kind !== 'other') continue;
    if (OF_A_MODEL.test(name)) continue;
    if (/^policy/i.test(name)) tell(`${model}/${name} is passed over: the policy is called policy.json`);
    else if (BESIDE.test(name) && !OF_A_VERSION.test(name) && !/^labels/i.test(name)) continue;
    else if (kind === 'folder' || kind === 'link')
      tell(`the folder ${model}/${name} is passed over: ${versionRule(name, taken)}`);
    else if (VERSION_NAME.test(name)) tell(`${model}/${name} is passed over: it is a file, and a version is a folder`);
    else tell(`${model}/${name} is passed over: the files of a version lie in its folder, such as ${model}/1/${name}`);
  }
}

function versionRule(name: string, taken: ReadonlySet<string>): string {
  const digits = /\d+/.exec(name)?.[0].replace(/^0+/, '') ?? '';
  const isFree = VERSION_NAME.test(digits) && !taken.has(digits);
  const better = isFree ? `; ${digits} would do` : '';
  return `a version is a whole number from 1 to 999999999, without zeros or anything else before it${better}`;
}

function modelName(name: string): string | undefined {
  const better = name
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 100);
  return MODEL_NAME.test(better) ? better : undefined;
}
