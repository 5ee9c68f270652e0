import { EyrieError, type ErrorCode } from '#core';
import type { Policy, PolicyEdit, PolicyRevision } from '#registry';
import { Failure } from '../failure';
import type { ListedModel, Listing, ModelFacts, RegistryAccess } from './registry-access';

interface ProblemBody {
  code?: ErrorCode;
  detail?: string;
}

/** A running server. */
export class ServerAccess implements RegistryAccess {
  /** As it is shown. */
  readonly server: string;

  /**
   * @param base whose path ends with a slash
   * @param key of the scope `admin`, for what changes something
   */
  constructor(
    readonly base: URL,
    readonly key: string | undefined,
  ) {
    this.server = base.href.replace(/\/$/, '');
  }

  async listing(): Promise<Listing> {
    const listed = await this.call<{ models: ListedModel[]; passed_over?: string[] }>('GET', '/v1/models');
    // A server of an earlier release does not say.
    return { models: listed.models, passedOver: listed.passed_over ?? [] };
  }

  model(name: string): Promise<ModelFacts> {
    return this.call('GET', pathOf(name));
  }

  /** Builds on the policy that the server has now; somebody else's change in between is never undone. */
  async changePolicy(model: string, edit: PolicyEdit): Promise<Policy> {
    const path = `${pathOf(model)}/policy`;
    const before = await this.call<Policy>('GET', path);
    return this.call('PUT', path, edit(before), { 'If-Match': `"${before.revision}"` });
  }

  rollbackPolicy(model: string, to?: number): Promise<Policy> {
    const query = to === undefined ? '' : `?revision=${to}`;
    return this.call('POST', `${pathOf(model)}/policy/rollback${query}`);
  }

  async history(model: string): Promise<PolicyRevision[]> {
    return (await this.call<{ revisions: PolicyRevision[] }>('GET', `${pathOf(model)}/policy/history`)).revisions;
  }

  async removeVersion(model: string, version: number): Promise<void> {
    await this.call('DELETE', `${pathOf(model)}/versions/${version}`);
  }

  async removeModel(model: string): Promise<void> {
    await this.call('DELETE', pathOf(model));
  }

  /**
   * @param path from the root of the API, such as `/v1/models`
   * @param body sent as JSON, bytes as they are
   * @throws EyrieError as the server answered, Failure when no server answers
   */
  async call<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
    const isBytes = body instanceof Uint8Array;
    const type = isBytes ? 'application/octet-stream' : 'application/json';
    let response: Response;
    try {
      response = await fetch(this.urlOf(path), {
        method,
        headers: { ...this.authorization, ...(body !== undefined && { 'Content-Type': type }), ...headers },
        body: isBytes ? (body as RequestInit['body']) : body === undefined ? undefined : JSON.stringify(body),
      });
    } catch (error) {
      throw this.noAnswer((error as Error & { cause?: Error }).cause ?? (error as Error));
    }
    return this.read<T>(response.status, await response.text().catch(() => ''));
  }

  urlOf(path: string): URL {
    return new URL(path.slice(1), this.base);
  }

  get authorization(): Record<string, string> {
    return this.key === undefined ? {} : { Authorization: `Bearer ${this.key}` };
  }

  /** What an answer says. @throws EyrieError as the server answered */
  read<T>(status: number, text: string): T {
    let answer: (T & ProblemBody) | undefined;
    try {
      answer = JSON.parse(text) as T & ProblemBody;
    } catch {
      // Some proxy's page, perhaps.
    }
    if (answer && status >= 200 && status < 300) return answer;
    const detail = answer?.detail ?? `${this.server} answered ${status}; is it an Eyrie server?`;
    throw EyrieError.told(answer?.code ?? 'INTERNAL', detail);
  }

  noAnswer(cause: Error): Failure {
    return new Failure(`no answer from ${this.server}: ${cause.message || cause.name}; is it running there?`);
  }
}

/** The path of a model in the API. */
export function pathOf(model: string): string {
  return `/v1/models/${encodeURIComponent(model)}`;
}
