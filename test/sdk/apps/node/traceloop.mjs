// OpenLLMetry for Node with the OpenAI SDK: two calls of a tenant, one embedding.
import * as traceloop from '@traceloop/node-server-sdk';
import OpenAI from 'openai';

traceloop.initialize({
  appName: 'traceloop-app',
  baseUrl: process.env.STREAMLENS_URL,
  disableBatch: true,
  silenceInitializationMessage: true,
  instrumentModules: { openAI: OpenAI },
});
const openai = new OpenAI({ baseURL: process.env.MODEL_URL, apiKey: 'none', maxRetries: 0 });
await traceloop.withAssociationProperties({ tenant_id: 'acme' }, async () => {
  for (let i = 0; i < 2; i++) {
    await openai.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] });
  }
});
await traceloop.forceFlush();
