"""The Anthropic SDK with its own spans: a call and a stream."""

from anthropic import Anthropic

# The block of docs/connect.md stands here.

client = Anthropic(max_retries=0)
call = {"model": "claude-haiku-4-5", "max_tokens": 100, "messages": [{"role": "user", "content": "Hello"}]}
client.messages.create(**call)
with client.messages.stream(**call) as stream:
    stream.get_final_message()
provider.force_flush()
