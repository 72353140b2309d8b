// The Vercel AI SDK 4: the block makes the call itself.
const { fetch } = globalThis;
// Its provider reads no OPENAI_BASE_URL.
globalThis.fetch = (url, options) => {
  const { href } = new URL(url);
  return fetch(href.replace('https://api.openai.com/v1', process.env.OPENAI_BASE_URL), options);
};

// The block of docs/connect.md stands here.

await sdk.shutdown();
