"""OpenTelemetry's own instrumentation of the OpenAI SDK for Python: a call, a stream with usage, a call that fails."""

import os

from openai import OpenAI, OpenAIError

client = OpenAI(base_url=os.environ["MODEL_URL"], api_key="none", max_retries=0)
messages = [{"role": "user", "content": "Hello"}]

client.chat.completions.create(model="gpt-4o-mini", messages=messages)
stream = client.chat.completions.create(
    model="gpt-4o-mini", messages=messages, stream=True, stream_options={"include_usage": True}
)
for _ in stream:
    pass
try:
    client.chat.completions.create(model="model-that-fails", messages=messages)
except OpenAIError:
    pass
