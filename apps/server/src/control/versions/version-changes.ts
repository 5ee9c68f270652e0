import { Inject, Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { resolve } from 'node:path';
import { EyrieError, waitWithin, type ErrorCode } from '#core';
import { Lane, ModelRegistry } from '#registry';
import { limitOf, type Config } from '../../config';
import { contextOf } from '../../http/request-context';
import { CONFIG } from '../../settings';
import { runCommand, type CommandResult } from './command-process';
import { UploadFolder } from './upload-folder';
import { readUpload } from './upload-form';
import type { AddedVersionDto, VerifiedDto } from './versions.dto';

/** Each may take UPLOAD_MAX_BYTES of the disk. */
const UPLOADS_AT_ONCE = 4;
const RETRY_AFTER_S = 30;

/** What the command line prints when it has added a version, or why it has not. */
type Added = Omit<AddedVersionDto, 'policy'>;
type Refused = { problem: { code: ErrorCode; detail: string } };

/** Brings versions in and checks them, by the command line, which alone knows how. */
@Injectable()
export class VersionChanges {
  private uploads = 0;
  /** A check takes all cores for a while, and two uploads of a model must not be given the same number. */
  private readonly checks = new Lane();

  constructor(
    private readonly registry: ModelRegistry,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /**
   * Takes an upload in, tries it out, and makes it a version of the registry: whole, or not at all.
   * @throws EyrieError
   */
  async add(model: string, req: Request, res: Response): Promise<AddedVersionDto> {
    this.requireRoom();
    requireForm(req);
    this.uploads++;
    try {
      const { signal } = contextOf(res);
      const folder = await UploadFolder.create(this.registry.location);
      try {
        await folder.describe({ model, ...(await this.receive(req, res, folder, signal)) });
        const args = ['models', 'take-upload', folder.path, '--registry', this.registry.location];
        const { manifest, facts, warnings } = resultOf<Added>(await this.check(args, folder.path, signal));
        const { policy } = await this.registry.look(model);
        return { manifest, facts, warnings, policy };
      } finally {
        await folder.remove();
      }
    } finally {
      this.uploads--;
    }
  }

  /** Loads every version of a model beside those that serve, and asks it what its manifest knows the answers of. */
  async verify(model: string, res: Response): Promise<VerifiedDto> {
    this.registry.model(model);
    const { location } = this.registry;
    const args = ['models', 'verify', model, '--json', '--registry', location, ...this.signatureFlags()];
    const result = await this.check(args, location, contextOf(res).signal);
    return { findings: resultOf<VerifiedDto['findings']>(result) };
  }

  /** The command stands in another folder than the server. */
  private signatureFlags(): string[] {
    const { MODEL_PUBLIC_KEYS: keys, MODEL_SIGNATURES: signatures } = this.config;
    if (keys.length === 0) return [];
    const flags = keys.flatMap((path) => ['--public-key', resolve(path)]);
    return signatures === 'required' ? flags : [...flags, '--allow-unsigned'];
  }

  private check(args: string[], folder: string, signal: AbortSignal): Promise<CommandResult> {
    const limits = {
      time: limitOf(this.config, 'CHECK_TIMEOUT_MS'),
      memory: limitOf(this.config, 'CHECK_MEMORY_BYTES'),
    };
    return this.checks.run(() => runCommand(args, folder, limits, signal));
  }

  private receive(req: Request, res: Response, folder: UploadFolder, signal: AbortSignal) {
    const { UPLOAD_TIMEOUT_MS: ms } = this.config;
    const onExpiry = (): EyrieError =>
      new EyrieError('DEADLINE_EXCEEDED', `the upload did not arrive within ${ms} ms`, {
        bound: limitOf(this.config, 'UPLOAD_TIMEOUT_MS'),
      });
    const most = limitOf(this.config, 'UPLOAD_MAX_BYTES');
    return waitWithin({ ms, signal, onExpiry }, readUpload(req, res, folder, most));
  }

  private requireRoom(): void {
    if (this.config.UPLOAD_MAX_BYTES === 0) {
      throw new EyrieError('FORBIDDEN', 'uploads are switched off on this server (UPLOAD_MAX_BYTES=0)');
    }
    if (this.uploads < UPLOADS_AT_ONCE) return;
    throw new EyrieError('OVERLOADED', `${this.uploads} uploads are under way already; try again later`, {
      bound: 'fixed',
      retryAfterSeconds: RETRY_AFTER_S,
    });
  }
}

function requireForm(req: Request): void {
  const encoding = req.header('content-encoding') ?? 'identity';
  if (encoding.toLowerCase() === 'identity' && req.is('multipart/form-data')) return;
  throw new EyrieError(
    'UNSUPPORTED_MEDIA_TYPE',
    'send the model as multipart/form-data, uncompressed: the ONNX file in the field "file"',
  );
}

/** @throws EyrieError as the command line says, INTERNAL when it did not get so far */
function resultOf<T>({ code, stdout, stderr }: CommandResult): T {
  let printed: T | Refused;
  try {
    printed = JSON.parse(stdout) as T | Refused;
  } catch {
    throw new EyrieError('INTERNAL', `the check ended with ${code} and said no more; the log has it`, {
      cause: new Error(stderr.slice(-4000) || stdout.slice(-4000)),
    });
  }
  if (typeof printed === 'object' && printed !== null && 'problem' in printed) {
    const { code: error, detail } = printed.problem;
    throw EyrieError.told(error, detail);
  }
  return printed;
}
