import { Inject, Injectable } from '@nestjs/common';
import { msUntil } from '#core';
import { limitOf, type Config } from '../../config';
import { CONFIG } from '../../settings';
import type { RequestTrace } from '../../tracing/tracing';
import { fetchImage } from './fetch-image';
import { FetchSlots } from './fetch-slots';
import { Room } from './room';

/**
 * What hangs holds a slot until its time is over, so there must be many; but no host, no caller and no request has them all.
 */
const SLOTS = { atOnce: 64, ofHost: 32, ofCaller: 32, ofRequest: 6 };
/** At the least; a batch must find room. */
const LEAST_WAITING = 512;

/** All fetches together may hold as many of the largest images. */
const LARGEST_AT_ONCE = 16;

/** For whom something is fetched, and for how long it is waited for. */
export interface FetchWait {
  /** On performance.now()'s clock. */
  deadline: number;
  /** Of the request: one that fetches several images gives the same. */
  signal: AbortSignal;
  /** An API key or an address. */
  caller: string;
}

/** Fetches images by URL, as the configuration allows it. */
@Injectable()
export class UrlImages {
  private readonly slots: FetchSlots;
  private readonly room: Room;

  constructor(@Inject(CONFIG) private readonly config: Config) {
    const waitingOfCaller = Math.max(LEAST_WAITING, config.MAX_BATCH_ITEMS);
    this.slots = new FetchSlots({ ...SLOTS, waiting: 2 * waitingOfCaller, waitingOfCaller });
    this.room = new Room(LARGEST_AT_ONCE * config.MAX_IMAGE_BYTES);
  }

  /** @throws EyrieError as `fetchImage`, OVERLOADED, DEADLINE_EXCEEDED; the signal's reason when it aborts */
  async fetch(url: string, wait: FetchWait, trace: RequestTrace | undefined): Promise<Buffer> {
    const { URL_IMAGES, URL_ALLOWED_HOSTS, URL_TIMEOUT_MS } = this.config;
    const options = {
      enabled: URL_IMAGES,
      allowedHosts: URL_ALLOWED_HOSTS,
      maxBytes: limitOf(this.config, 'MAX_IMAGE_BYTES'),
      maxRedirects: 3,
      room: this.room,
      trace,
    };
    const { deadline, signal, caller } = wait;
    const claim = { host: hostOf(url), caller, request: signal };
    return this.slots.run(claim, wait, () => {
      const left = Math.max(1, msUntil(deadline));
      const timeout = URL_TIMEOUT_MS <= left ? limitOf(this.config, 'URL_TIMEOUT_MS') : undefined;
      return fetchImage(url, { ...options, timeoutMs: timeout?.value ?? left, timeout }, signal);
    });
  }
}

/** Empty for what is no URL, which is refused without a fetch. */
function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host.replace(/\.(?=:|$)/, '') : '';
}
