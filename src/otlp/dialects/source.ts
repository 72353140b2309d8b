/** The families of SDKs whose names differ, as the columns of the mapping table. */
export type DialectName =
  | 'otel'
  | 'openllmetry'
  | 'openinference'
  | 'ai-sdk'
  | 'langfuse'
  | 'litellm'
  | 'openlit'
  | 'logfire'
  | 'pydantic-ai'
  | 'anthropic-sdk'
  | 'laminar'
  | 'langsmith'
  | 'sentry'
  | 'genkit'
  | 'mlflow'
  | 'mastra'
  | 'braintrust'
  | 'claude-code'
  | 'cloudflare'
  | 'openrouter'
  | 'strands'
  | 'adk'
  | 'vllm'
  | 'livekit'
  | 'langwatch'
  | 'openclaw'
  | 'goose'
  | 'xai'
  | 'promptfoo'
  | 'pipecat'
  | 'copilot'
  | 'archestra'
  | 'truefoundry'
  | 'agentgateway'
  | 'loongsuite'
  | 'hand-made'
  | 'judgment'
  | 'agentuniverse'
  | 'monocle'
  | 'confident'
  | 'honeyhive'
  | 'datadog'
  | 'bifrost';

/**
 * How a value is read. What cannot be read so (NaN, a negative count, an empty text) counts as absent, and the
 * next source is tried: a filler must never become a 0.
 *
 * - `text`: a string that is not empty; numbers and booleans become text.
 * - `quoted`: text that may be JSON, as Langfuse sends `"\"acme\""`.
 * - `first`: the first entry of an array, of a JSON array in a string, or the string itself.
 * - `count`: a whole number from 0 up, as int, double or string.
 * - `cost`: an amount of USD from 0 up, as int, double or string.
 * - `ticks`: such an amount in 10^-10 USD, as xAI tells it.
 * - `nano credits`: such an amount in 10^-9 of GitHub's AI credits, each of which is a US cent.
 * - `flag`: a boolean, or "True", "false" and the like.
 * - `seconds`, `millis`: a duration, giving ms.
 * - `instant`: an ISO time, maybe quoted, giving ms since the span's start.
 * - `event`: the time of the first event of that name, giving ms since the span's start.
 * - `event text`: `key` is `event name/attribute`.
 * - `suffix`: true where the text ends in `suffix`; absent otherwise.
 */
export type Reading =
  | 'text'
  | 'quoted'
  | 'first'
  | 'count'
  | 'cost'
  | 'ticks'
  | 'nano credits'
  | 'flag'
  | 'seconds'
  | 'millis'
  | 'instant'
  | 'event'
  | 'event text'
  | 'suffix';

/** One cell of the mapping table. */
export interface Source {
  readonly dialect: DialectName;
  readonly key: string;
  readonly read: Reading;
  /** The value is JSON; these dotted paths into it are tried in order. */
  readonly paths?: readonly string[];
  /** With `suffix`: what the text must end in. */
  readonly suffix?: string;
  /** Spans of scopes with this prefix are not believed here, because their value is known to be wrong. */
  readonly exceptScope?: string;
  /** Only spans of scopes with this prefix are meant. */
  readonly onlyScope?: string;
}
