// OpenLLMetry for Node.js: one call, made where the block says so.
// The block of docs/connect.md stands here.

export async function callModel() {
  const messages = [{ role: 'user', content: 'Hello' }];
  await new OpenAI({ maxRetries: 0 }).chat.completions.create({ model: 'gpt-4o-mini', messages });
}

await traceloop.forceFlush();
