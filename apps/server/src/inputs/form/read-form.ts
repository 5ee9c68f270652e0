import type { Request } from 'express';
import { EyrieError, invalidField, type Limit } from '#core';
import { ASKED_ELSEWHERE, TOP_K_RULE, wholeTopK, type Asked } from '../asked';
import { feed } from '../feed';
import { Gathered } from '../gathered';
import { boundaryOf } from './boundary';
import { MAX_HEAD_BYTES, MultipartParser, type PartSink } from './multipart';
import type { PartHead } from './part-head';

export interface FormLimits {
  /** Files go into this field. */
  field: string;
  /** How many; one, where nothing is said. */
  files?: Limit;
  /** Bytes of a file. */
  file: Limit;
  /** Bytes of all files together. */
  all: Limit;
}

/** `top_k`, and room for what is said of it. */
const OTHER_PARTS = 2;
const MAX_TEXT_BYTES = 100;
/** What is sent for a file by mistake is shorter. */
const MAX_MISTAKE_BYTES = 4096;

/** The files of a form in their order, and what is asked beside them. */
export interface Form extends Asked {
  files: Buffer[];
}

/**
 * Reads multipart/form-data.
 * @throws EyrieError INVALID_REQUEST, IMAGE_TOO_LARGE; most of them before the rest of the body is there
 */
export async function readForm(req: Request, limits: FormLimits, signal: AbortSignal): Promise<Form> {
  const boundary = boundaryOf(req.header('content-type') ?? '');
  const mostBytes = limits.all.value + (mostFiles(limits) + OTHER_PARTS) * MAX_HEAD_BYTES;
  const announced = Number(req.header('content-length') ?? NaN);
  if (announced > mostBytes) throw bodyTooLarge(limits.all);

  const parts = new FormParts(limits, Number.isNaN(announced) ? undefined : announced);
  const parser = new MultipartParser(boundary, (head) => parts.begin(head));
  let received = 0;
  const take = (piece: Buffer): void => {
    received += piece.length;
    if (received > mostBytes) throw bodyTooLarge(limits.all);
    parser.write(piece);
  };
  await feed(req, take, signal);
  parser.end();
  return parts.form;
}

/** Says of each part who takes it. */
class FormParts {
  readonly form: Form = { files: [] };
  private begun = 0;
  private total = 0;

  constructor(
    private readonly limits: FormLimits,
    private readonly announced: number | undefined,
  ) {}

  /** @throws EyrieError INVALID_REQUEST for a part that has no place in the form */
  begin(head: PartHead): PartSink {
    if (head.name === this.limits.field) return this.file(head);
    if (head.name === 'top_k' && head.fileName === undefined) return this.topK();
    if (head.name === 'model' || head.name === 'version') throw invalidField(head.name, ASKED_ELSEWHERE[head.name]);
    throw new EyrieError('INVALID_REQUEST', `${onlyFiles(this.limits)}; it has a field ${shown(head.name)}`);
  }

  private file({ fileName }: PartHead): PartSink {
    const { file, all } = this.limits;
    const maxFiles = mostFiles(this.limits);
    if (++this.begun > maxFiles)
      throw new EyrieError('INVALID_REQUEST', `${onlyFiles(this.limits)}; it has more files`);
    const gathered = new Gathered(file.value, maxFiles > 1 ? undefined : this.expected);
    return {
      take: (bytes) => {
        this.total += bytes.length;
        if (this.total > all.value) throw tooLarge('the files have more bytes together than are allowed', all);
        if (!gathered.add(bytes)) throw tooLarge('the file is larger than an image may be', file);
      },
      end: () => {
        const { bytes } = gathered;
        // What browsers send for an input that was left empty.
        if (fileName === '' && bytes.length === 0) this.begun--;
        else if (fileName === undefined && isText(bytes)) throw this.textForFile();
        else this.form.files.push(bytes);
      },
    };
  }

  /** Nearly all of the body is the file. */
  private get expected(): number | undefined {
    return this.announced && Math.min(this.announced, this.limits.file.value);
  }

  private topK(): PartSink {
    const gathered = new Gathered(MAX_TEXT_BYTES);
    if (this.form.topK !== undefined) throw invalidField('top_k', 'is given more than once');
    const wrong = () => invalidField('top_k', TOP_K_RULE);
    return {
      take: (bytes) => {
        if (!gathered.add(bytes)) throw wrong();
      },
      end: () => {
        const text = gathered.bytes.toString();
        if (!/^\d{1,16}$/.test(text)) throw wrong();
        this.form.topK = wholeTopK(Number(text));
      },
    };
  }

  private textForFile(): EyrieError {
    const { field } = this.limits;
    return invalidField(field, `is text, not a file: send the file's bytes; with curl -F ${field}=@photo.jpg`);
  }
}

/** Short and without control characters, which every image has. */
function isText(bytes: Buffer): boolean {
  if (bytes.length === 0 || bytes.length > MAX_MISTAKE_BYTES) return false;
  return bytes.every((byte) => byte >= 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d);
}

/** As much of a name as is needed to find it. */
function shown(name: string): string {
  return JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}…` : name);
}

function mostFiles({ files }: FormLimits): number {
  return files?.value ?? 1;
}

function onlyFiles({ field, files }: FormLimits): string {
  const wanted = files
    ? `1 to ${files.value} files (${files.setting}=${files.value}), all in the field "${field}"`
    : `one file, in the field "${field}"`;
  return `the form must have ${wanted}, and nothing else but top_k`;
}

function bodyTooLarge(bound: Limit): EyrieError {
  return tooLarge('the body has more bytes than are allowed here', bound);
}

function tooLarge(detail: string, bound: Limit): EyrieError {
  return new EyrieError('IMAGE_TOO_LARGE', detail, { bound });
}
