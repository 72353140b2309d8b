"""LangChain under OpenLLMetry: the block makes the first call."""

from model_calls import flush

# The block of docs/connect.md stands here.

for _ in model.stream("Hello", config={"metadata": {"tenant_id": "acme"}}, stream_usage=True):
    pass
flush()
