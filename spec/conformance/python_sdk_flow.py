"""The official Python SDK against the emulator: what it documents must work, on real files.

Environment: AGENTBAY_API_KEY, AGENTBAY_ENDPOINT (https), AGENTBAY_CA_FILE (the authority of the
emulator's certificate) and AGENTBAY_EMULATOR_DATA (the emulator's data folder). Prints a line for
each check and "N passed, N failed" at the end.
"""

import asyncio
import os
import pathlib
import sys
import warnings

CA_FILE = os.environ["AGENTBAY_CA_FILE"]
for variable in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
    os.environ[variable] = CA_FILE

import certifi  # noqa: E402

# The SDK has no setting for an authority: its HTTP libraries ask certifi.
certifi.where = lambda: CA_FILE
warnings.simplefilter("ignore", DeprecationWarning)

from agentbay import (  # noqa: E402
    AgentBay,
    AsyncAgentBay,
    Config,
    ContextSync,
    CreateSessionParams,
)

KEY = os.environ["AGENTBAY_API_KEY"]
ENDPOINT = os.environ["AGENTBAY_ENDPOINT"].split("://", 1)[1].replace("127.0.0.1", "localhost")
DATA = pathlib.Path(os.environ["AGENTBAY_EMULATOR_DATA"])
MOUNT = "/mnt/shared"

counts = {True: 0, False: 0}


def check(name, passed, why=""):
    passed = bool(passed)
    counts[passed] += 1
    print(("ok - " if passed else "not ok - ") + name + ("" if passed else f": {why}"))
    return passed


def config():
    return Config(endpoint=ENDPOINT, timeout_ms=20000)


def session_file(session, name):
    return DATA / "sessions" / session.session_id / "files" / MOUNT[1:] / name


def context_file(context, name):
    return DATA / "contexts" / context.id / "files" / name


def message(result):
    return getattr(result, "error_message", "")


async def settled(value):
    """The value, of a blocking method or of a coroutine: both editions share one flow."""
    return await value if asyncio.iscoroutine(value) else value


async def flow(edition, bay):
    found = await settled(bay.context.get(f"conformance {edition} ü+&=", create=True))
    check(f"{edition}: context.get creates a context", found.success, message(found))
    context = found.context
    again = await settled(bay.context.get(f"conformance {edition} ü+&=", create=False))
    check(f"{edition}: context.get finds it by name", again.context.id == context.id)
    listed = await settled(bay.context.list())
    check(f"{edition}: context.list lists it", context.id in [c.id for c in listed.contexts])

    parameters = CreateSessionParams(
        labels={"edition": edition, "note": "ü & co"},
        context_syncs=[ContextSync.new(context_id=context.id, path=MOUNT)],
    )
    created = await settled(bay.create(parameters))
    if not check(f"{edition}: create gives a session", created.success, message(created)):
        return
    session = created.session
    manager = getattr(session, "context_manager", None) or session.context

    info = await settled(manager.info())
    check(f"{edition}: info succeeds", info.success, message(info))
    statuses = [(s.task_type, s.status) for s in info.context_status_data]
    check(f"{edition}: info lists the first download", ("download", "Success") in statuses, statuses)
    filtered = await settled(manager.info(context_id=context.id, path=MOUNT, task_type="upload"))
    check(f"{edition}: info filters by type", filtered.success and not filtered.context_status_data)

    session_file(session, "up.txt").write_text("from the session")
    synced = await settled(
        manager.sync(context_id=context.id, path=MOUNT, mode="upload", retry_interval=100)
    )
    check(f"{edition}: sync uploads", synced.success, message(synced))
    stored = context_file(context, "up.txt")
    check(f"{edition}: the context has the file", stored.exists() and stored.read_text() == "from the session")

    context_file(context, "down.txt").write_text("from the context")
    synced = await settled(
        manager.sync(context_id=context.id, path=MOUNT, mode="download", retry_interval=100)
    )
    check(f"{edition}: sync downloads", synced.success, message(synced))
    mounted = session_file(session, "down.txt")
    check(f"{edition}: the session has the file", mounted.exists() and mounted.read_text() == "from the context")

    got = await settled(bay.get(session.session_id))
    check(f"{edition}: get gives the session", got.success, message(got))
    sessions = await settled(bay.list(labels={"edition": edition}))
    ids = [item if isinstance(item, str) else item.get("sessionId") for item in sessions.session_ids]
    check(f"{edition}: list finds it by its label", session.session_id in ids, ids)

    deleted = await settled(bay.delete(session))
    check(f"{edition}: delete deletes it", deleted.success, message(deleted))
    gone = await settled(bay.get(session.session_id))
    check(f"{edition}: get tells that it is gone", not gone.success)
    check(f"{edition}: its tree is gone", not session_file(session, "down.txt").exists())


def refused_key():
    try:
        result = AgentBay(api_key="akm-of-somebody-else", cfg=config()).context.list()
        text, success = message(result), result.success
    except Exception as problem:  # the SDK raises the gateway's error in some versions
        text, success = str(problem), False
    check("a wrong key is NOT_LOGIN", not success and "NOT_LOGIN" in text, text)


def main():
    asyncio.run(flow("sync", AgentBay(api_key=KEY, cfg=config())))
    asyncio.run(flow("async", AsyncAgentBay(api_key=KEY, cfg=config())))
    refused_key()
    print(f"{counts[True]} passed, {counts[False]} failed")
    return 0 if counts[True] and not counts[False] else 1


if __name__ == "__main__":
    sys.exit(main())
