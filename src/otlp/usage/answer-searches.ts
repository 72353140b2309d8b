import { parseJson } from '../dialects/read-value.ts';

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

/** Only what holds one of the providers' ids of searches is parsed: an answer may be long. */
const SEARCH_ID = /"(?:ws|srvtoolu)_/;

/**
 * How many searches of the web stand among the messages of an answer, as the AI SDK 7 writes them: what a tool gave is
 * there only where the provider ran it, OpenAI says of each what it did, and what failed is left out.
 */
export function searchesInMessages(text: string): number | null {
  if (!SEARCH_ID.test(text)) return null;
  const messages = parseJson(text);
  if (!Array.isArray(messages)) return null;
  const parts = messages.flatMap((message): unknown[] => {
    const each = fieldsOf(message)?.['parts'];
    return Array.isArray(each) ? each : [];
  });
  const found = new Set(parts.map(fieldsOf).flatMap((part) => (isSearchResult(part) ? [part?.['id']] : [])));
  return found.size === 0 ? null : found.size;
}

function isSearchResult(part: Fields | null): boolean {
  const id = part?.['id'];
  if (part?.['type'] !== 'tool_call_response' || typeof id !== 'string') return false;
  const { response } = part;
  if (id.startsWith('ws_')) return fieldsOf(fieldsOf(response)?.['action'])?.['type'] === 'search';
  if (!id.startsWith('srvtoolu_') || !Array.isArray(response) || response.length === 0) return false;
  return response.every((result) => fieldsOf(result)?.['type'] === 'web_search_result');
}

function fieldsOf(value: unknown): Fields | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}
