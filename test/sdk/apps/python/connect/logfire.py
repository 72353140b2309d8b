"""Logfire, without its own service."""

from model_calls import call_openai as call_model

# The block of docs/connect.md stands here.

logfire.force_flush()
