type Fields = Readonly<Record<string, unknown>>;

/**
 * How many searches of the web stand in what a provider answered, where its usage does not count them; null where
 * nothing says so. The AI SDK has such answers under the provider's name.
 */
export function searchesInAnswer(root: unknown): number | null {
  const answer = fieldsOf(root);
  if (answer === null) return null;
  const counted = fieldsOf(fieldsOf(answer['tool_usage'])?.['web_search'])?.['num_requests'];
  if (typeof counted === 'number' && Number.isInteger(counted) && counted >= 0) return counted;
  return openaiCalls(answer['output']) ?? geminiQueries(answer) ?? geminiQueries(fieldsOf(answer['google']));
}

/** Of OpenAI's Responses API: opening a page and searching within it cost nothing, nor does what failed. */
function openaiCalls(output: unknown): number | null {
  if (!Array.isArray(output)) return null;
  const calls = output.map(fieldsOf).filter((item) => item?.['type'] === 'web_search_call');
  if (calls.length === 0) return null;
  return calls.filter((call) => {
    const action = fieldsOf(call?.['action'])?.['type'] ?? 'search';
    return action === 'search' && call?.['status'] !== 'failed';
  }).length;
}

/** The queries with which Gemini grounded its answer, in the names of its API or of Google's SDK for Python. */
function geminiQueries(answer: Fields | null): number | null {
  if (answer === null) return null;
  const candidates = Array.isArray(answer['candidates']) ? answer['candidates'].map(fieldsOf) : [];
  const counts = [answer, ...candidates].flatMap((each) => {
    const grounding = fieldsOf(each?.['groundingMetadata'] ?? each?.['grounding_metadata']);
    const queries = grounding?.['webSearchQueries'] ?? grounding?.['web_search_queries'];
    return Array.isArray(queries) ? [queries.filter((query) => query !== '').length] : [];
  });
  return counts.length === 0 ? null : counts.reduce((sum, count) => sum + count, 0);
}

function fieldsOf(value: unknown): Fields | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}
