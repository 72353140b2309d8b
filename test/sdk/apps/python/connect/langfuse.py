"""Langfuse's drop-in for the OpenAI SDK."""

from langfuse import get_client
from model_calls import MESSAGES, MODEL

# The block of docs/connect.md stands here.

create = openai.OpenAI(max_retries=0).chat.completions.create
create(model=MODEL, messages=MESSAGES)
for _ in create(model=MODEL, messages=MESSAGES, stream=True, stream_options={"include_usage": True}):
    pass
get_client().flush()
