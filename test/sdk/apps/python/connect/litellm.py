"""LiteLLM as a library, called through OpenAI's API."""

import time

from model_calls import MESSAGES, MODEL, flush

# The block of docs/connect.md stands here.

call = {"model": MODEL, "messages": MESSAGES, "max_retries": 0}
litellm.completion(**call)
for _ in litellm.completion(**call, stream=True, stream_options={"include_usage": True}):
    pass
# Its callbacks run on threads of their own, and it has no way to wait for them.
time.sleep(3)
flush()
