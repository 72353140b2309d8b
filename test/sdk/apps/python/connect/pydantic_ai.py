"""Pydantic AI."""

from model_calls import flush

# The block of docs/connect.md stands here.

agent.run_sync("Hello")
flush()
