import { EyrieError, type ErrorCode } from '#core';
import type { Policy, PolicyEdit } from '#registry';
import { Failure } from '../failure';
import type { ListedModel, ModelFacts, RegistryAccess } from './registry-access';

interface ProblemBody {
  code?: ErrorCode;
  detail?: string;
}

/** A running server. */
export class ServerAccess implements RegistryAccess {
  /** As it is shown. */
  private readonly server: string;
  private listedBeside: string[] = [];

  /**
   * @param base whose path ends with a slash
   * @param key of the scope `admin`, for what changes something
   */
  constructor(
    private readonly base: URL,
    private readonly key: string | undefined,
  ) {
    this.server = base.href.replace(/\/$/, '');
  }

  async models(): Promise<ListedModel[]> {
    const listed = await this.call<{ models: ListedModel[]; passed_over?: string[] }>('GET', '/v1/models');
    // A server of an earlier release does not say.
    this.listedBeside = listed.passed_over ?? [];
    return listed.models;
  }

  passedOver(): Promise<string[]> {
    return Promise.resolve(this.listedBeside);
  }

  model(name: string): Promise<ModelFacts> {
    return this.call('GET', `/v1/models/${encodeURIComponent(name)}`);
  }

  /** Builds on the policy that the server has now; somebody else's change in between is never undone. */
  async changePolicy(model: string, edit: PolicyEdit): Promise<Policy> {
    const path = `/v1/models/${encodeURIComponent(model)}/policy`;
    const before = await this.call<Policy>('GET', path);
    return this.call('PUT', path, edit(before), { 'If-Match': `"${before.revision}"` });
  }

  rollbackPolicy(model: string, to?: number): Promise<Policy> {
    const query = to === undefined ? '' : `?revision=${to}`;
    return this.call('POST', `/v1/models/${encodeURIComponent(model)}/policy/rollback${query}`);
  }

  /**
   * @param path from the root of the API, such as `/v1/models`
   * @throws EyrieError as the server answered, Failure when no server answers
   */
  async call<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
    let response: Response;
    try {
      response = await fetch(new URL(path.slice(1), this.base), {
        method,
        headers: {
          ...(this.key && { Authorization: `Bearer ${this.key}` }),
          ...(body !== undefined && { 'Content-Type': 'application/json' }),
          ...headers,
        },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
    } catch (error) {
      const cause = (error as Error & { cause?: Error }).cause ?? (error as Error);
      throw new Failure(`no answer from ${this.server}: ${cause.message || cause.name}; is it running there?`);
    }
    const answer = (await response.json().catch(() => ({}))) as T & ProblemBody;
    if (response.ok) return answer;
    const detail = answer.detail ?? `${this.server} answered ${response.status}; is it an Eyrie server?`;
    throw new EyrieError(answer.code ?? 'INTERNAL', detail);
  }
}
