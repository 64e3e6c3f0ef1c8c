"""The same request through the official Python SDK: session.context.info(). It speaks TLS only.

usage: python python_sdk.py URL REQUESTS 0

Prints requests, seconds and CPU seconds (user and system).
"""

import logging
import os
import sys
import time
import warnings

CA_FILE = os.environ["AGENTBAY_CA_FILE"]
for variable in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
    os.environ[variable] = CA_FILE
# A log line for each request would be measured, too.
os.environ["AGENTBAY_LOG_LEVEL"] = "ERROR"

# The SDK writes a log into the folder that it runs in.
os.chdir(os.environ["BENCH_FOLDER"])

import certifi  # noqa: E402

# The SDK has no setting for an authority: its HTTP libraries ask certifi.
certifi.where = lambda: CA_FILE
warnings.simplefilter("ignore", DeprecationWarning)
logging.disable(logging.WARNING)

from agentbay import AgentBay, Config  # noqa: E402

try:
    from loguru import logger

    logger.remove()
except ImportError:
    pass

url, requests = sys.argv[1], int(sys.argv[2])
client = AgentBay(
    api_key=os.environ["AGENTBAY_API_KEY"],
    cfg=Config(endpoint=url.split("://", 1)[1], timeout_ms=20000),
)
got = client.get("session-04bdw8o39bq47rv1t")
assert got.success, got.error_message
context = got.session.context


def run(count):
    for _ in range(count):
        result = context.info()
        assert result.success and len(result.context_status_data) == 2, result


run(8)
started, cpu = time.monotonic(), time.process_time()
run(requests)
print(f"{requests} {time.monotonic() - started:.6f} {time.process_time() - cpu:.6f}")
