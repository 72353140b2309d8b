"""OpenInference for Python."""

from model_calls import call_openai as call_model, flush

# The block of docs/connect.md stands here.

flush()
