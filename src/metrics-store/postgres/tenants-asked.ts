/** Whether a tenant is one of an array of names; null: all. */
export function isOneOf(column: string, value: string): string {
  return `(${value}::text[] IS NULL OR ${column} = ANY (${value}))`;
}
