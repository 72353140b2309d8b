"""OpenLIT."""

from model_calls import call_openai, flush

# The block of docs/connect.md stands here.

call_openai()
flush()
