import { ownValue } from '../../events/own-value.ts';
/** What a call does: the OTel operation, with the several words for one folded together. */
export type Operation = 'chat' | 'text_completion' | 'generate_content' | 'embeddings';

/**
 * What a span is to the count.
 *
 * - `call`: a model call by the rules of its dialect.
 * - `outer`: a span that may be around calls; a call only when no inner span came, as for a given-up stream of the AI
 *   SDK or for a span that tells its usage and not what it is.
 * - `raw`: LiteLLM's copy of the wire request; a call only when its parent is none.
 * - `stream end`: Logfire's log record that ends a stream, with the usage its opening span lacks.
 * - `none`: anything else. Never counted, but read for tenant and route of the calls below it.
 */
export type Role = 'call' | 'outer' | 'raw' | 'stream end' | 'none';

export interface Classification {
  readonly role: Role;
  readonly operation: Operation;
  /** Which rule decided, for the explanation. */
  readonly rule: string;
  /** A span of an agent, a chain or a tool: model calls are expected beside it. */
  readonly isAgent: boolean;
}

export function is(role: Role, operation: Operation, rule: string): Classification {
  return { role, operation, rule, isAgent: false };
}

/** What an agent, a chain or a tool does, and what is beside model calls otherwise. */
export function isNone(kind: string, rule: string): Classification {
  return { role: 'none', operation: 'chat', rule, isAgent: AGENT.test(kind) };
}

const AGENT = /agent|tool|chain|workflow|task|crew|team/i;

/** Words for a call of a model, as operations, kinds of spans and observations. */
const OPERATION_OF: Readonly<Record<string, Operation>> = {
  ...words(
    'chat',
    'chat chats completion completions chat_completion chat_completions create_chat_completion responses response',
    'llm llm_call llm_request llm_run call_llm chat_model model model_call model_inference model_request inference message messages',
    'converse converse_stream invoke_model invoke_model_with_response_stream acompletion aresponses anthropic_messages',
    'generation streaming_chat chat_stream stream_chat request_model realtime request summarize summarization',
  ),
  ...words('text_completion', 'text_completion text_completions atext_completion complete'),
  ...words(
    'generate_content',
    'generate_content generate generate_text stream_text generate_object stream_object generate_content_stream',
    'stream_generate_content agenerate_content text_generation image_generation aimage_generation generate_image',
    'speech text_to_speech aspeech transcription transcribe atranscription audio_transcription speech_to_text tts stt asr',
    'translation translate image audio video video_generation audio_generation generate_video generate_audio generate_speech image_edit',
  ),
  ...words('embeddings', 'embeddings embedding embed aembedding embedder embed_content create_embedding embed_many'),
};

/**
 * Words with which a span says for certain that it is around calls or beside them, even where it repeats their usage. A
 * word that is missing here costs little: a span with usage and calls below it is not counted either.
 */
const NO_CALL =
  /agent|tool|workflow|chain|task|crew|team|graph|pipeline|retriev|rerank|memory|guard|evaluat|plan|handoff|session|interaction|turn|fetch_response|count_tokens|event_loop|step$|^step/;

/** The one exception among words: a step of a run that a framework calls a model in. */
const CALLING_STEP = /^(?:run_step|model_step|llm_step)$/;

/** The operation that a word of any SDK means; null for one that is known to be none, or not known. */
export function operationOf(word: string): Operation | null {
  return ownValue(OPERATION_OF, word) ?? ownValue(OPERATION_OF, plainWord(word)) ?? null;
}

/** Whether the word names something around calls, or beside them. */
export function isNoCallWord(word: string): boolean {
  const plain = plainWord(word);
  return ownValue(OPERATION_OF, plain) === undefined && !CALLING_STEP.test(plain) && NO_CALL.test(plain);
}

/** `Chat.Completions`, `chat-completions` and `chatCompletions` are one word. */
function plainWord(word: string): string {
  return word
    .trim()
    .replaceAll(/(?<=[a-z])(?=[A-Z])|[^A-Za-z0-9]+/g, '_')
    .toLowerCase();
}

function words(operation: Operation, ...lists: readonly string[]): Record<string, Operation> {
  return Object.fromEntries(lists.flatMap((list) => list.split(' ')).map((word) => [word, operation]));
}
