// The Vercel AI SDK 7: a call and a stream.
import { createOpenAI } from '@ai-sdk/openai';
import { generateText, streamText } from 'ai';

// The block of docs/connect.md stands here.

const openai = createOpenAI();
const telemetry = { functionId: 'support-answer' };
const call = { model: openai.chat('gpt-4o-mini'), prompt: 'Hello', maxRetries: 0, telemetry };

await generateText(call);
for await (const _ of streamText(call).textStream);
await sdk.shutdown();
