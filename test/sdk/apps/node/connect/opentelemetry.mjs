// OpenTelemetry's own instrumentation for Node.js: what it needs is in instrumentation.mjs.
import OpenAI from 'openai';

const { completions } = new OpenAI({ maxRetries: 0 }).chat;
const call = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] };

await completions.create(call);
const stream = await completions.create({ ...call, stream: true, stream_options: { include_usage: true } });
for await (const _ of stream);
