"""The console's data for machines: its API with what SDKs sent, what a restart keeps, and the Model Context Protocol at
/mcp, asked by its official client."""
import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import urllib.request

import environment
from harness import DEADLINE_S, client_lines, configuration, wait_until
from processes import free_port, wait_for_port

VERSIONS = {"auto": "2026-07-28", "legacy": "2025-11-25"}  # by the client's mode


def served(case, processors=None, **console):
    """(address of the console, gRPC port) of a collector that keeps what it receives."""
    config, grpc, _ = configuration({"nop": None}, processors=processors)
    port = free_port()
    config["extensions"] = {"console": {"endpoint": f"127.0.0.1:{port}", **console}}
    config["service"]["extensions"] = ["console"]
    case.start(config)
    wait_for_port(port)
    return f"http://127.0.0.1:{port}", grpc


def asking(address, use, mode="auto", headers=None):
    """The result of `use` with a connected client."""
    import httpx2
    from mcp import Client
    from mcp.client.streamable_http import streamable_http_client

    async def run():
        async with httpx2.AsyncClient(headers=headers or {}, timeout=20) as http:
            transport = streamable_http_client(address + "/mcp", http_client=http)
            async with Client(transport, mode=mode) as client:
                return await use(client)
    return asyncio.run(run())


async def call(client, name, **arguments):
    result = await client.call_tool(name, arguments)
    assert not result.is_error, result
    return json.loads(result.content[0].text)


def an_agent_finds_what_was_sent(mode):
    def run(case):
        from mcp.shared.exceptions import MCPError

        address, grpc = served(case)
        case.generate(grpc, 200)
        case.generate(grpc, 100, signal="logs")
        case.generate(grpc, 100, signal="metrics")

        async def use(client):
            assert client.protocol_version == VERSIONS[mode], client.protocol_version
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            assert {"search_traces", "get_trace", "search_logs", "list_errors", "get_ledger"} <= set(tools)
            assert tools["get_trace"].input_schema["required"] == ["trace_id"]
            while len((await call(client, "search_traces", limit=100))["traces"]) < 25:
                await asyncio.sleep(0.05)  # kept behind the answer to the sender
            found = await call(client, "search_traces", limit=3)
            assert len(found["traces"]) == 3, found
            trace = await call(client, "get_trace", trace_id=found["traces"][0]["trace_id"])
            assert trace["span_count"] >= 1 and trace["spans"], trace
            services = (await call(client, "list_services"))["services"]
            assert sum(service["span_count"] for service in services) == 200, services
            while len((await call(client, "search_logs", limit=5))["logs"]) < 5:
                await asyncio.sleep(0.05)
            while not (metrics := (await call(client, "list_metrics"))["metrics"]):
                await asyncio.sleep(0.05)
            series = await call(client, "get_metric", metric=metrics[0]["name"])
            assert series["series"], series
            assert set(await call(client, "list_errors")) == {"traces", "logs", "refusals"}
            ledger = await call(client, "get_ledger")
            assert sum(account["delivered"] for account in ledger["accounts"]) == 400, ledger
            wrong = await client.call_tool("get_trace", {"trace_id": "x"})
            assert wrong.is_error and "bad_request" in wrong.content[0].text, wrong
            # The client checks nothing here: the server refuses the argument itself.
            wrong = await client.call_tool("search_logs", {"severity": "high"})
            assert wrong.is_error and "expected an integer" in wrong.content[0].text, wrong
            try:
                await client.call_tool("none", {})
                raise AssertionError("an unknown tool was called")
            except MCPError as error:
                assert error.code == -32602, error

        asking(address, use, mode)
    return run


def an_agent_needs_the_token(case):
    address, _ = served(case, token="0123456789abcdef")

    async def use(client):
        return await call(client, "get_status")

    headers = {"authorization": "Bearer 0123456789abcdef"}
    assert asking(address, use, headers=headers)["status"]["is_accepting"] is True
    try:
        asking(address, use)
        raise AssertionError("the tools were called without the token")
    except BaseException as error:  # a group of exceptions, of the client's tasks
        assert "AssertionError" not in repr(error), error
    import httpx2
    with httpx2.Client() as plain:
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
        assert plain.post(address + "/mcp", json=body).status_code == 401


def another_site_reaches_no_tool(case):
    import httpx2

    address, _ = served(case)
    with httpx2.Client() as plain:
        def status(**headers):
            body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
            return plain.post(address + "/mcp", json=body, headers=headers).status_code
        assert status() == 200
        assert status(origin="http://evil.example") == 403
        assert status(host="evil.example") == 403
        assert status(**{"content-type": "text/plain"}) == 415
        big = {"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"x": "y" * 300_000}}
        assert plain.post(address + "/mcp", json=big).status_code == 413
        assert plain.get(address + "/mcp").status_code == 405


def get(address, path):
    with urllib.request.urlopen(f"{address}/api/v1/{path}", timeout=20) as reply:
        return json.load(reply)


def send(sdk, grpc, count):
    """The ids of the spans that an SDK sent: 32 digits of the trace, 16 of the span."""
    program = ([sys.executable, os.path.join(environment.HERE, "send_python.py")] if sdk == "python"
               else ["node", os.path.join(environment.javascript(), "send.mjs")])
    return client_lines([*program, "grpc", "gzip", f"127.0.0.1:{grpc}", str(count)])


def the_api_shows_what_an_sdk_sent(sdk):
    def run(case):
        address, grpc = served(case)
        ids = send(sdk, grpc, 20)
        traces = {id[:32] for id in ids}
        wait_until(lambda: traces <= {trace["trace_id"] for trace in get(address, "traces?limit=500")["traces"]},
                   lambda: f"{get(address, 'traces')}")
        for trace_id in traces:
            trace = get(address, f"traces/{trace_id}")
            assert {trace_id + span["span_id"] for span in trace["spans"]} == \
                {id for id in ids if id.startswith(trace_id)}, trace
            parent = next(span for span in trace["spans"] if span["name"] == "parent")
            child = next(span for span in trace["spans"] if span["name"] == "child")
            assert child["parent_span_id"] == parent["span_id"] and child["depth"] == 1
            assert {"key": "text", "type": "string", "value": "Жанна 東京", "is_cut": False} in parent["attributes"]
            assert isinstance(parent["duration_ns"], int), parent["duration_ns"]
        sender, = get(address, "senders")["senders"]
        assert (sender["service"], sender["protocol"], sender["encoding"]) == (f"e2e-{sdk}", "grpc", "gzip"), sender
        assert sender["sdk_language"] == {"python": "python", "javascript": ""}[sdk], sender
        assert sender["signals"]["traces"]["items"] == len(ids), sender
        ledger, = [one for one in get(address, "ledger")["accounts"] if one["signal"] == "traces"]
        assert ledger["delivered"] == len(ids) and ledger["difference"] == 0, ledger
    return run


def a_tap_shows_what_a_statement_changed(case):
    address, grpc = served(case, processors={"transform": {"trace_statements": [
        'set(span.attributes["region"], "north")', 'set(span.name, "first") where span.name == "parent"']}})
    samples = []

    def follow():
        with urllib.request.urlopen(f"{address}/api/v1/tap?edge=traces@transform&items=50", timeout=30) as stream:
            event = None
            for line in stream:
                if line.startswith(b"event: "):
                    event = line[7:].strip()
                elif line.startswith(b"data: ") and event == b"sample":
                    samples.append(json.loads(line[6:]))
                    return
    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    wait_until(lambda: send("python", grpc, 10) and samples, lambda: "no sample came")
    thread.join(20)
    items = samples[0]["items"]
    assert samples[0]["counts"]["changed"] == len(items) and not samples[0]["counts"]["same"], samples[0]
    changes = {(field["path"], field["change"], field["before"], field["after"], field["rule"])
               for item in items for field in item["fields"] if field["change"] != "same"}
    assert changes == {('attributes["region"]', "added", None, "north", 1),
                       ("name", "changed", "parent", "first", 2)}, changes


def restarted(case, process, config, how):
    """Ends the collector and starts another one with the same configuration."""
    process.child.send_signal(how)
    process.child.wait(DEADLINE_S)
    process = case.start(config)
    wait_for_port(int(config["extensions"]["console"]["endpoint"].rpartition(":")[2]))
    return process


def kept_traces(address):
    """(this run's, earlier ones') ids of the traces that the console holds."""
    traces = get(address, "traces?limit=500")["traces"]
    return tuple({trace["trace_id"] for trace in traces if trace["run"]["is_current"] is is_current}
                 for is_current in (True, False))


def runs_of(items):
    """How many items this run received, and how many an earlier one."""
    current = sum(item["run"]["is_current"] for item in items)
    return current, len(items) - current


def a_restart_keeps_logs_and_metrics(how):
    def run(case):
        config, grpc, _ = configuration({"nop": None})
        port = free_port()
        config["extensions"] = {"console": {"endpoint": f"127.0.0.1:{port}",
                                            "file": {"directory": os.path.join(case.folder, "recent")}}}
        config["service"]["extensions"] = ["console"]
        address = f"http://127.0.0.1:{port}"

        def logs(query=""):
            return runs_of(get(address, f"logs?limit=1000{query}")["logs"])

        def series(query=""):
            metrics = get(address, "metrics")["metrics"]
            return runs_of(get(address, f"series?limit=200&metric={metrics[0]['name']}{query}")["series"]) if metrics else (0, 0)

        process = case.start(config)
        wait_for_port(port)
        case.generate(grpc, 50, signal="logs")
        case.generate(grpc, 50, signal="metrics")
        wait_until(lambda: logs() == (50, 0) and series()[0] > 0, lambda: f"{logs()} {series()}")
        first = series()[0]
        wait_until(lambda: get(address, "status")["file"]["written_requests"] == get(address, "status")["recent"]["requests"],
                   lambda: f"{get(address, 'status')}")
        restarted(case, process, config, how)
        assert (logs(), series()) == ((0, 50), (0, first)), (logs(), series())
        case.generate(grpc, 25, signal="logs")
        case.generate(grpc, 50, signal="metrics")
        wait_until(lambda: logs() == (25, 50) and series()[0] > 0, lambda: f"{logs()} {series()}")
        assert (logs("&run=current"), logs("&run=earlier")) == ((25, 0), (0, 50))
        assert series("&run=earlier") == (0, first) and series("&run=current")[1] == 0
        done = subprocess.run([case.millrace, "logs", "--run", "earlier", "--limit", "1000", "--json", "--address", address],
                              capture_output=True, text=True, timeout=DEADLINE_S)
        assert done.returncode == 0 and runs_of(json.loads(done.stdout)["logs"]) == (0, 50), done
    return run


def a_restart_keeps_traces(how):
    def run(case):
        config, grpc, _ = configuration({"nop": None})
        port = free_port()
        directory = os.path.join(case.folder, "recent")
        config["extensions"] = {"console": {"endpoint": f"127.0.0.1:{port}", "file": {"directory": directory}}}
        config["service"]["extensions"] = ["console"]
        address = f"http://127.0.0.1:{port}"
        process = case.start(config)
        wait_for_port(port)
        first = {id[:32] for id in send("python", grpc, 10)}
        # What kill -9 must not lose is what was synced.
        wait_until(lambda: get(address, "status")["file"]["written_requests"] > 0, lambda: f"{get(address, 'status')}")
        wait_until(lambda: kept_traces(address) == (first, set()), lambda: f"{kept_traces(address)}")
        process = restarted(case, process, config, how)
        assert kept_traces(address) == (set(), first), kept_traces(address)
        second = {id[:32] for id in send("python", grpc, 5)}
        wait_until(lambda: kept_traces(address) == (second, first), lambda: f"{kept_traces(address)}")
        assert {trace["trace_id"] for trace in get(address, "traces?run=earlier")["traces"]} == first
        trace = get(address, f"traces/{next(iter(first))}")
        now, before = get(address, "status")["runs"]
        assert trace["run"] == before and before["started_at_ms"] < now["started_at_ms"], (trace["run"], now)
        assert before["instance_id"] != now["instance_id"]
        assert os.stat(directory).st_mode & 0o777 == 0o700
        # Rules that hide something: what was kept without them goes.
        config["processors"] = {"redaction": {"allow_all_keys": True, "blocked_values": ["4[0-9]{12}"]}}
        for pipeline in config["service"]["pipelines"].values():
            pipeline["processors"] = ["redaction"]
        restarted(case, process, config, how)
        assert kept_traces(address) == (set(), set()), kept_traces(address)
    return run


def a_directory_that_cannot_be_used_is_said(case):
    place = os.path.join(case.folder, "file")
    with open(place, "w") as out:
        out.write("no directory")
    config, _, _ = configuration({"nop": None})
    config["extensions"] = {"console": {"endpoint": f"127.0.0.1:{free_port()}", "file": {"directory": place}}}
    config["service"]["extensions"] = ["console"]
    path = os.path.join(case.folder, "config.yaml")
    with open(path, "w") as out:
        json.dump(config, out)
    done = subprocess.run([case.millrace, "--config", path], capture_output=True, text=True, timeout=DEADLINE_S)
    assert done.returncode != 0 and place in done.stderr and "console" in done.stderr, done.stderr


def cases():
    for how in (signal.SIGTERM, signal.SIGKILL):
        yield f"the console keeps traces over a restart, {how.name}", a_restart_keeps_traces(how)
        yield f"the console keeps logs and metrics over a restart, {how.name}", a_restart_keeps_logs_and_metrics(how)
    yield "a directory of the console that cannot be used is said", a_directory_that_cannot_be_used_is_said
    for sdk in ("python", "javascript"):
        yield f"the console's api shows what the {sdk} sdk sent", the_api_shows_what_an_sdk_sent(sdk)
    for mode, version in VERSIONS.items():
        yield f"an agent finds what was sent, MCP {version}", an_agent_finds_what_was_sent(mode)
    for case in (a_tap_shows_what_a_statement_changed, an_agent_needs_the_token, another_site_reaches_no_tool):
        yield case.__name__.replace("_", " "), case
