import type { TObject, TSchema } from 'typebox';

/** One operation of an API, in terms of the schemas that check it. */
export interface Operation {
  /** What a generated client calls it: lower camel case, unique in its API. */
  readonly id: string;
  readonly method: 'get' | 'post' | 'delete';
  readonly path: string;
  /** The group it is shown in. */
  readonly tag: string;
  readonly summary: string;
  readonly query?: TObject;
  readonly pathParameters?: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, TSchema>>;
  /** What comes back on success. */
  readonly answer: {
    readonly status: number;
    readonly description: string;
    readonly content: Readonly<Record<string, TSchema>>;
  };
  /** The problems that it may answer with; 500 is none that could be declared. */
  readonly problems: readonly number[];
  /** Whether it never asks for a key. */
  readonly isOpen?: boolean;
}
