/** Bedrock's ids begin with the geography of a profile, some behind an ARN; paths of Vertex AI hold a location. */
const BEDROCK = /^(?:arn:aws[^/]*\/)?(?:[a-z]{2,6}(?:-[a-z]+)?\.)?anthropic\.(claude-[a-z\d.-]+?)(?:-v\d+(?::\d+)?)?$/;
const VERTEX = /^projects\/[^/]+\/locations\/[^/]+\/publishers\/anthropic\/models\/(claude-[a-z\d.@-]+)$/;

/** What Claude calls itself in its answers, of a name that says who serves it and where; null for another name. */
export function servedClaude(name: string): string | null {
  const found = BEDROCK.exec(name)?.[1] ?? VERTEX.exec(name)?.[1];
  return found === undefined ? null : withDash(found);
}

/** Vertex AI writes the date of a version behind `@`. */
export function withDash(name: string): string {
  return name.replace(/@(?=\d+$)/, '-');
}
