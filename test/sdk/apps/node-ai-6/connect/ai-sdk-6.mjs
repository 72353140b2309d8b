// The Vercel AI SDK 6: the block makes the call itself.
// The block of docs/connect.md stands here.

await sdk.shutdown();
