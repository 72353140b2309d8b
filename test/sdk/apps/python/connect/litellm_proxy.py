"""A client of LiteLLM's proxy, which runs beside it."""

import os
import time
import urllib.error
import urllib.request

# The block of docs/connect.md stands here.

proxy = "http://127.0.0.1:" + os.environ["PROXY_PORT"]
for _ in range(600):
    try:
        urllib.request.urlopen(proxy + "/health/liveliness").read()
        break
    except urllib.error.URLError:
        time.sleep(0.1)

os.environ["OPENAI_BASE_URL"] = proxy + "/v1"
os.environ["OPENAI_API_KEY"] = os.environ["LITELLM_MASTER_KEY"]

from model_calls import call_openai

call_openai()
# Its callbacks run after the answers, and its exporter in batches of five seconds.
time.sleep(8)
