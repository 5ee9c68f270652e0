import { Inject, Injectable } from '@nestjs/common';
import type { Config } from '../../config';
import { CONFIG } from '../../settings';
import type { RequestTrace } from '../../tracing/tracing';
import { fetchImage } from './fetch-image';
import { FetchLimit } from './fetch-limit';

/** Each may hold as much memory as the largest image. */
const FETCHES_AT_ONCE = 16;

/** Fetches images by URL, as the configuration allows it. */
@Injectable()
export class UrlImages {
  private readonly limit = new FetchLimit(FETCHES_AT_ONCE);

  constructor(@Inject(CONFIG) private readonly config: Config) {}

  /**
   * @param deadline on performance.now()'s clock
   * @throws EyrieError as `fetchImage`; the signal's reason when it aborts
   */
  fetch(
    url: string,
    { deadline, signal }: { deadline: number; signal: AbortSignal },
    trace: RequestTrace | undefined,
  ): Promise<Buffer> {
    const { URL_IMAGES, URL_ALLOWED_HOSTS, URL_TIMEOUT_MS, MAX_IMAGE_BYTES } = this.config;
    const options = {
      enabled: URL_IMAGES,
      allowedHosts: URL_ALLOWED_HOSTS,
      maxBytes: MAX_IMAGE_BYTES,
      timeoutMs: Math.min(URL_TIMEOUT_MS, Math.max(1, deadline - performance.now())),
      maxRedirects: 3,
      trace,
    };
    return this.limit.run(() => fetchImage(url, options, signal));
  }
}
