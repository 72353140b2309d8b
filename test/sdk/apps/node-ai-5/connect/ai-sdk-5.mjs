// The Vercel AI SDK 5: the block makes the call itself.
// The block of docs/connect.md stands here.

await sdk.shutdown();
