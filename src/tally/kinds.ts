/**
 * Says of every field of `T` how it adds, so that a new field without its line does not compile: no list of sums is
 * kept by hand, and none can be incomplete. Lists are read off such a table by `ofKind`, in its order.
 */
export type KindsOf<T, KindOf extends Record<string, unknown>> = {
  readonly [Field in keyof T]-?: {
    [Kind in keyof KindOf]: T[Field] extends KindOf[Kind] ? Kind : never;
  }[keyof KindOf];
};

/** The fields of one kind, in the table's order. */
export function ofKind<const Kinds extends Readonly<Record<string, string>>, Kind extends string>(
  kinds: Kinds,
  kind: Kind,
): readonly FieldsOf<Kinds, Kind>[] {
  return Object.keys(kinds).filter((field) => kinds[field] === kind) as unknown as readonly FieldsOf<Kinds, Kind>[];
}

export type FieldsOf<Kinds, Kind> = { [Field in keyof Kinds]: Kinds[Field] extends Kind ? Field : never }[keyof Kinds] &
  string;
