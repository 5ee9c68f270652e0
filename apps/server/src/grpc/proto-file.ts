import { type ReflectionObject, Root, type Type } from 'protobufjs/light';
import { EyrieError } from '#core';

/** A message as it is sent, in pieces that follow one another. */
export type Parts = readonly Uint8Array[];

/** As it is generated from a .proto file. */
export interface GeneratedFile {
  name: string;
  /** FileDescriptorProto, in base64. */
  descriptor: string;
  /** In the JSON of protobufjs. */
  messages: string;
}

/** The services and messages of one .proto file. None of ours needs another file. */
export class ProtoFile {
  readonly name: string;
  /** FileDescriptorProto. */
  readonly descriptor: Buffer;
  private readonly root: Root;

  constructor(
    { name, descriptor, messages }: GeneratedFile,
    private readonly packageName: string,
  ) {
    this.name = name;
    this.descriptor = Buffer.from(descriptor, 'base64');
    this.root = Root.fromJSON(JSON.parse(messages) as Parameters<typeof Root.fromJSON>[0]);
  }

  /** Whether a service, a method, a message or a field of this name, in full, is in it. */
  has(symbol: string): boolean {
    const found = this.root.lookup(symbol);
    return found !== null && found !== this.root && fullNameOf(found) === symbol;
  }

  /**
   * With the default in the place of what is not there; 64-bit integers as numbers, enumerations by their names.
   * @throws EyrieError INVALID_REQUEST
   */
  read<Message>(name: string, bytes: Uint8Array): Message {
    const type = this.type(name);
    try {
      const options = { defaults: true, longs: Number, enums: String, oneofs: true };
      return type.toObject(type.decode(bytes), options) as Message;
    } catch (error) {
      throw unreadable(name, error);
    }
  }

  write(name: string, message: object): Parts {
    const type = this.type(name);
    return [type.encode(type.fromObject(message)).finish()];
  }

  private type(name: string): Type {
    return this.root.lookupType(`${this.packageName}.${name}`);
  }
}

export function unreadable(name: string, cause: unknown): EyrieError {
  return new EyrieError('INVALID_REQUEST', `the message is no ${name}: ${(cause as Error).message}`, { cause });
}

function fullNameOf(found: ReflectionObject): string {
  return found.fullName.replace(/^\./, '');
}
