import { Injectable } from '@nestjs/common';
import { register, type Metric } from 'prom-client';
import { ModelRegistry } from '#registry';

/** What is still under way when a version goes may be counted a little later; so many scrapes look for it. */
const SCRAPES = 5;

type Labels = Partial<Record<string, string | number>>;

/**
 * Takes away what has been counted of versions and models that the registry no longer has; otherwise they would be in every scrape until
 * the server ends. Of all others nothing changes, so that rates go on.
 */
@Injectable()
export class GoneVersions {
  private known = new Set<string>();
  /** Those that have gone, and how many scrapes still look for them. */
  private readonly gone = new Map<string, number>();

  constructor(private readonly registry: ModelRegistry) {}

  /** To be called before each scrape. */
  async forget(): Promise<void> {
    this.update();
    if (this.gone.size === 0) return;
    for (const { name } of register.getMetricsAsArray()) {
      const metric = register.getSingleMetric(name)!;
      if (labelNamesOf(metric).includes('model')) await this.forgetIn(metric);
    }
    for (const [key, scrapes] of this.gone) {
      if (scrapes > 1) this.gone.set(key, scrapes - 1);
      else this.gone.delete(key);
    }
  }

  private update(): void {
    const present = new Set<string>();
    for (const { name, versions } of this.registry.list()) {
      present.add(keyOf({ model: name }));
      for (const version of versions.keys()) present.add(keyOf({ model: name, version }));
    }
    for (const key of this.known) if (!present.has(key)) this.gone.set(key, SCRAPES);
    for (const key of present) this.gone.delete(key);
    this.known = present;
  }

  private async forgetIn(metric: Metric): Promise<void> {
    const { values } = await metric.get();
    for (const { labels } of values) {
      const { model, version, le, ...others }: Labels = labels;
      if (!this.gone.has(keyOf({ model, version })) && !this.gone.has(keyOf({ model }))) continue;
      // All buckets of a histogram are one series to the library.
      if (le === undefined || le === '+Inf')
        metric.remove({ ...others, model, ...(version !== undefined && { version }) });
    }
  }
}

/** A model has one, and so has each of its versions. */
function keyOf({ model, version }: Labels): string {
  return version === undefined ? String(model) : `${model}/${version}`;
}

/** Every metric of the library has them; its types do not say so. */
function labelNamesOf(metric: Metric): readonly string[] {
  return (metric as unknown as { labelNames: readonly string[] }).labelNames;
}
