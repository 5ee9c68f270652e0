import { Injectable } from '@nestjs/common';
import type { Access } from '../http/scopes';
import type { GrpcExchange } from './exchange';
import type { Parts, ProtoFile } from './proto-file';

interface Method {
  /** Who may call it. */
  access: Access;
  /** Its messages may be as large as a request may; others are small. */
  isLarge?: boolean;
}

type Answer = (message: Buffer, exchange: GrpcExchange) => Promise<Parts> | Parts;

/** One message, one answer. */
export interface UnaryMethod extends Method {
  kind: 'unary';
  answer: Answer;
}

/** Any number of messages, and for each its answer, in their order. What fails for one of them is told in its answer. */
export interface PairedMethod extends Method {
  kind: 'paired';
  answer: Answer;
  /** @param error of the answer to `message` */
  failure(detail: string, error: Error, message: Buffer): Parts;
}

/** One message, and answers as long as the client stays. */
export interface WatchMethod extends Method {
  kind: 'watch';
  /** @param signal aborts when the client leaves, or the server shuts down */
  watch(message: Buffer, send: (answer: Parts) => Promise<void>, signal: AbortSignal): Promise<void>;
}

export type GrpcMethod = UnaryMethod | PairedMethod | WatchMethod;

export interface GrpcService {
  /** Such as `inference.GRPCInferenceService`. */
  name: string;
  /** That it is in. */
  file: ProtoFile;
  methods: Readonly<Record<string, GrpcMethod>>;
}

/** What is spoken here. A service is loaded only where gRPC is switched on. */
@Injectable()
export class GrpcServices {
  private readonly loaders: (() => Promise<GrpcService>)[] = [];

  add(load: () => Promise<GrpcService>): void {
    this.loaders.push(load);
  }

  load(): Promise<GrpcService[]> {
    return Promise.all(this.loaders.map((load) => load()));
  }
}
