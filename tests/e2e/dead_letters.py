"""Permanently refused requests are kept byte for byte, and `millrace replay` sends them again."""
import base64
import json
import os
import subprocess

import delivery
from harness import (DEADLINE_S, Sink, configuration, stop_and_read_ledger, to_sink,
                     wait_until)

ITEMS = 2000


def letters(path):
    if not os.path.exists(path):
        return []
    with open(path) as lines:
        return [json.loads(line) for line in lines if line.endswith("\n") and line.strip()]


def replay(case, *arguments, exits=0):
    """Runs replay and returns its summary."""
    done = subprocess.run([case.millrace, "replay", "--summary", "json", *arguments],
                          capture_output=True, text=True, timeout=DEADLINE_S)
    assert done.returncode == exits, f"exited {done.returncode}: {done.stdout} {done.stderr}"
    return json.loads(done.stdout) if done.stdout else done.stderr


def refused_collector(case, path, **more):
    """Starts a collector whose only back end refuses everything as bad data: (process, gRPC port)."""
    sink = Sink(case, "--refuse-probability", "1", "--refuse-code", "invalid_argument")
    config, grpc, _ = configuration({"otlp_grpc/picky": to_sink(
        sink.port, dead_letter={"path": path, **more})})
    return case.start(config), grpc


# --- the cases; the name is the fact ---

def what_is_refused_is_replayed_byte_for_byte(case):
    path = os.path.join(case.folder, "dead.jsonl")
    collector, grpc = refused_collector(case, path)
    sent = delivery.untouched_bodies()
    delivery.export_over_grpc(grpc, "trace.v1.TraceService", sent)
    wait_until(lambda: len(letters(path)) >= len(sent), lambda: f"{len(letters(path))} letters")
    ledger = stop_and_read_ledger(collector)
    assert ledger["dropped"] == ledger["admitted"] == len(sent), ledger
    kept = letters(path)
    assert sorted(base64.b64decode(letter["request"]) for letter in kept) == sorted(sent)
    for letter in kept:
        assert (letter["destination"], letter["reason"], letter["code"]) == (
            "otlp_grpc/picky", "bad_data", "INVALID_ARGUMENT"), letter
        assert letter["pipelines"] == ["traces"] and letter["items"] == 1, letter
    healthy = Sink(case)
    summary = replay(case, path, "--endpoint", f"127.0.0.1:{healthy.port}")
    assert summary["accepted"] == {"requests": len(sent), "items": len(sent)}, summary
    assert sorted(healthy.records()) == sorted(sent)


def every_refused_id_arrives_after_a_replay(case):
    path = os.path.join(case.folder, "made", "dead.jsonl")
    collector, grpc = refused_collector(case, path, create_directory=True)
    case.generate(grpc, ITEMS)
    case.generate(grpc, ITEMS, signal="logs", **{"first-sequence": ITEMS})
    wait_until(lambda: sum(letter["items"] for letter in letters(path)) >= 2 * ITEMS,
               lambda: f"{sum(letter['items'] for letter in letters(path))} items")
    stop_and_read_ledger(collector)
    port, sink = case.expecting_sink(2 * ITEMS)
    assert replay(case, path, "--dry-run")["not_sent"]["items"] == 2 * ITEMS
    nobody = replay(case, path, "--destination", "otlp_grpc/other", "--endpoint",
                    f"127.0.0.1:{port}")
    assert nobody["accepted"]["items"] == 0 and nobody["skipped"]["items"] == 2 * ITEMS, nobody
    replay(case, path, "--endpoint", f"http://127.0.0.1:{port}", "--protocol", "http",
           "--compression", "zstd", "--destination", "otlp_grpc/picky")
    tally = sink.summary(DEADLINE_S + 5)
    assert tally["items"] == 2 * ITEMS, tally


def what_is_refused_again_can_be_replayed_again(case):
    path, again = (os.path.join(case.folder, name) for name in ("dead.jsonl", "again.jsonl"))
    collector, grpc = refused_collector(case, path)
    case.generate(grpc, ITEMS)
    wait_until(lambda: sum(letter["items"] for letter in letters(path)) >= ITEMS, lambda: "items")
    stop_and_read_ledger(collector)
    moody = Sink(case, "--refuse-probability", "0.5", "--refuse-code", "permission_denied")
    first = replay(case, path, "--endpoint", f"127.0.0.1:{moody.port}", "--rejected", again,
                   exits=1)
    assert first["refused"]["items"] + first["accepted"]["items"] == ITEMS, first
    assert first["refused"]["items"] > 0 and "PERMISSION_DENIED" in str(first["refusals"]), first
    assert sum(letter["items"] for letter in letters(again)) == first["refused"]["items"]
    # No back end is left: everything is kept for a later replay.
    moody.process.stop()
    last = os.path.join(case.folder, "last.jsonl")
    gone = replay(case, again, "--endpoint", f"127.0.0.1:{moody.port}", "--rejected", last,
                  "--retries", "2", exits=1)
    assert gone["stopped_because"] and gone["accepted"]["items"] == 0, gone
    calm = Sink(case, port=moody.port)
    replay(case, last, "--endpoint", f"127.0.0.1:{calm.port}")
    ids = calm.span_ids()  # both sinks record into one file
    assert len(ids) == len(set(ids)) == ITEMS, (len(ids), len(set(ids)))


def files_of_the_file_exporter_are_replayed(case):
    kinds = {"json": {}, "proto": {"format": "proto"}, "zjson": {"compression": "zstd"},
             "zproto": {"format": "proto", "compression": "zstd"},
             "turned": {"rotation": {"max_megabytes": 1}}}
    folder = os.path.join(case.folder, "files")
    os.mkdir(folder)
    config, grpc, _ = configuration({
        f"file/{name}": {"path": os.path.join(folder, name), **more}
        for name, more in kinds.items()}, signals=("traces",))
    collector = case.start(config)
    case.generate(grpc, 2 * ITEMS)
    stop_and_read_ledger(collector)
    names = sorted(os.listdir(folder))
    assert len(names) > len(kinds), f"no file was rotated: {names}"
    for kind in kinds:
        sink = Sink(case)
        paths = [os.path.join(folder, name) for name in names
                 if name == kind or name.startswith(kind + "-")]
        replay(case, *paths, "--endpoint", f"127.0.0.1:{sink.port}")
        ids = sink.span_ids()
        assert len(ids) == len(set(ids)) == 2 * ITEMS, f"{kind}: {len(ids)}, {len(set(ids))}"


def what_cannot_be_replayed_is_named(case):
    def at(name, content):
        path = os.path.join(case.folder, name)
        with open(path, "wb") as out:
            out.write(content)
        return path

    assert "No such file" in replay(case, at("fine", b"") + ".missing", exits=2)
    assert "is a directory" in replay(case, case.folder, exits=2)
    assert replay(case, at("empty", b""))["read"]["requests"] == 0
    endpoint = ("--endpoint", f"127.0.0.1:{Sink(case).port}")
    span = b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"a"}]}]}]}\n'
    lines = at("lines", span + b"garbage\n" + span + span[:30])
    summary = replay(case, lines, *endpoint, exits=1)
    assert summary["accepted"]["requests"] == 2, summary
    assert [one["where"] for one in summary["unreadable"]] == [lines + ":2", lines + ":4"], summary
    assert "cut off" in summary["unreadable"][1]["why"], summary
    noise = replay(case, at("noise", bytes(range(255, 0, -1)) * 9), *endpoint, exits=1)
    assert noise["unreadable_count"] == 1 and noise["accepted"]["requests"] == 0, noise
    same = replay(case, lines, *endpoint, "--rejected", lines, exits=2)
    assert "is being replayed" in same, same


def cases():
    for case in (what_is_refused_is_replayed_byte_for_byte,
                 every_refused_id_arrives_after_a_replay,
                 what_is_refused_again_can_be_replayed_again,
                 files_of_the_file_exporter_are_replayed, what_cannot_be_replayed_is_named):
        yield case.__name__.replace("_", " "), case
