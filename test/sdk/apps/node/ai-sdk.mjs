// The Vercel AI SDK 7 with its OpenTelemetry integration: a call, a stream, a call that fails.
import { createOpenAI } from '@ai-sdk/openai';
import { OpenTelemetry } from '@ai-sdk/otel';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { generateText, registerTelemetry, streamText } from 'ai';

const sdk = new NodeSDK({ serviceName: 'ai-sdk-app', traceExporter: new OTLPTraceExporter() });
sdk.start();
registerTelemetry(new OpenTelemetry());

const openai = createOpenAI({ baseURL: process.env.MODEL_URL, apiKey: 'none' });
const telemetry = { isEnabled: true, functionId: 'answer' };
const call = { model: openai.chat('gpt-4o-mini'), prompt: 'Hello', maxRetries: 0, telemetry };

await generateText(call);
const stream = streamText(call);
for await (const _ of stream.textStream);
await generateText({ ...call, model: openai.chat('model-that-fails') }).catch(() => undefined);
await sdk.shutdown();
