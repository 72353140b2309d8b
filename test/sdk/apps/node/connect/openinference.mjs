// OpenInference for Node.js, which reports no tokens of streams: one call. What it needs is in instrumentation.mjs.
import OpenAI from 'openai';

const messages = [{ role: 'user', content: 'Hello' }];
await new OpenAI({ maxRetries: 0 }).chat.completions.create({ model: 'gpt-4o-mini', messages });
