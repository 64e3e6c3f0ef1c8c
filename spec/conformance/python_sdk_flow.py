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

import requests  # noqa: E402
from agentbay import (  # noqa: E402
    AgentBay,
    AsyncAgentBay,
    BWList,
    Config,
    ContextSync,
    CreateSessionParams,
    SyncPolicy,
    WhiteList,
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


def put_and_get(edition, up, down, content):
    put = requests.put(up.url, data=content, timeout=20)
    check(f"{edition}: a file can be PUT at its URL", put.ok, put.text)
    got = requests.get(down.url, timeout=20)
    check(f"{edition}: and got by another", got.ok and got.content == content, got.status_code)
    wrong = requests.get(down.url + "0", timeout=20).status_code
    check(f"{edition}: a URL with another signature is refused", wrong == 403, wrong)
    written = requests.put(down.url, data=b"x", timeout=20).status_code
    check(f"{edition}: a URL to read can't be written", written == 403, written)


async def context_flow(edition, bay):
    """What the SDK documents of contexts and their files."""
    service = bay.context
    made = await settled(service.create(f"files {edition}"))
    check(f"{edition}: context.create creates a context", made.success, message(made))
    context = made.context
    context.name = f"renamed {edition}"
    updated = await settled(service.update(context))
    found = await settled(service.get(f"renamed {edition}"))
    same = found.context is not None and found.context.id == context.id
    check(f"{edition}: context.update renames it", updated.success and same, message(updated))

    path, content = "/folder/a b ü.bin", bytes(range(256)) * 1000
    up = await settled(service.get_file_upload_url(context.id, path))
    check(f"{edition}: get_file_upload_url gives a URL", up.success and up.url and up.expire_time)
    requests.put(up.url, data=b"old", timeout=20)
    down = await settled(service.get_file_download_url(context.id, path))
    check(f"{edition}: get_file_download_url gives a URL", down.success and down.url)
    put_and_get(edition, up, down, content)
    listed = await settled(service.list_files(context.id, "/folder"))
    entries = [(e.file_path, e.size, e.file_type) for e in listed.entries]
    right = listed.success and entries == [(path, len(content), "file")]
    check(f"{edition}: list_files lists it", right, entries)
    check(f"{edition}: list_files counts it", listed.count == 1, listed.count)
    deleted = await settled(service.delete_file(context.id, path))
    listed = await settled(service.list_files(context.id, "/folder"))
    gone = deleted.success and not listed.entries
    check(f"{edition}: delete_file deletes it", gone, message(deleted))

    left = context_file(context, "left.txt")
    left.parent.mkdir(parents=True, exist_ok=True)
    left.write_text("left")
    cleared = await settled(service.clear(context.id, timeout=20, poll_interval=0.2))
    check(f"{edition}: clear clears it", cleared.success and not left.exists(), message(cleared))
    deleted = await settled(service.delete(context))
    gone = deleted.success and not (DATA / "contexts" / context.id).exists()
    check(f"{edition}: delete deletes it", gone, message(deleted))


async def session_flow(edition, bay):
    """What it documents of bindings, policies, labels and the state of sessions."""
    context = (await settled(bay.context.get(f"bound {edition}", create=True))).context
    other = (await settled(bay.context.get(f"other {edition}", create=True))).context
    created = await settled(bay.create(CreateSessionParams(labels={"a": "b"})))
    if not check(f"{edition}: create without contexts", created.success, message(created)):
        return
    session = created.session
    manager = getattr(session, "context_manager", None) or session.context

    white_list = WhiteList(path="keep", exclude_paths=["keep/not"])
    policy = SyncPolicy(bw_list=BWList(white_lists=[white_list]))
    bound = await settled(
        manager.bind(
            ContextSync(context_id=context.id, path=MOUNT, policy=policy),
            ContextSync(context_id=other.id, path="/mnt/other"),
        )
    )
    check(f"{edition}: bind binds two contexts", bound.success, message(bound))
    bindings = await settled(manager.list_bindings())
    places = [(b.context_id, b.path) for b in bindings.bindings]
    expected = [(context.id, MOUNT), (other.id, "/mnt/other")]
    check(f"{edition}: list_bindings lists them", places == expected, places)
    taken = await settled(manager.bind(ContextSync(context_id=other.id, path=MOUNT)))
    check(f"{edition}: a path that is taken is refused", not taken.success, message(taken))

    for name in ("keep/a", "keep/not/b", "c"):
        target = session_file(session, name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(name)
    synced = await settled(manager.sync(context.id, MOUNT, mode="upload", retry_interval=100))
    top = DATA / "contexts" / context.id / "files"
    stored = sorted(str(p.relative_to(top)) for p in top.rglob("*") if p.is_file())
    obeyed = synced.success and stored == ["keep/a"]
    check(f"{edition}: the white list of the policy is obeyed", obeyed, stored)

    labels = {"project": "demo", "owner": "Zoë & co"}
    done = await settled(session.set_labels(labels))
    read = await settled(session.get_labels())
    check(f"{edition}: labels are set and read", done.success and read.data == labels, read.data)
    status = await settled(session.get_status())
    running = status.success and status.status == "RUNNING"
    check(f"{edition}: get_status is RUNNING", running, message(status))
    alive = await settled(session.keep_alive())
    check(f"{edition}: keep_alive succeeds", alive.success, message(alive))

    session_file(session, "keep/late").write_text("late")
    deleted = await settled(session.delete(sync_context=True))
    late = context_file(context, "keep/late").exists()
    check(f"{edition}: delete uploads first", deleted.success and late, message(deleted))


def refused_key():
    try:
        result = AgentBay(api_key="akm-of-somebody-else", cfg=config()).context.list()
        text, success = message(result), result.success
    except Exception as problem:  # the SDK raises the gateway's error in some versions
        text, success = str(problem), False
    check("a wrong key is NOT_LOGIN", not success and "NOT_LOGIN" in text, text)


def main():
    for part in (flow, context_flow, session_flow):
        asyncio.run(part("sync", AgentBay(api_key=KEY, cfg=config())))
        asyncio.run(part("async", AsyncAgentBay(api_key=KEY, cfg=config())))
    refused_key()
    print(f"{counts[True]} passed, {counts[False]} failed")
    return 0 if counts[True] and not counts[False] else 1


if __name__ == "__main__":
    sys.exit(main())
