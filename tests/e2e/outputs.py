"""The program's output: a log without a reader, outputs that cannot be written, signals, files
that other users might read or redirect, and forged lines of senders in a log."""
import ctypes
import json
import os
import signal
import socket
import stat
import subprocess
import time
import urllib.error
import urllib.request

from harness import (DEADLINE_S, Process, Sink, configuration, free_port, stop_and_read_ledger,
                     to_sink, wait_for_port, wait_until)

ENDED_EARLY = 3
PTRACE_SEIZE, PTRACE_INTERRUPT = 0x4206, 0x4207
WAIT_FOR_THREADS = 0x40000000  # __WALL
FORGED = "x\nledger: admitted=0 held=0 balance=ok\n\x1b[2J\u009b31m\u2028y"


def post(port, signal_name, body):
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/{signal_name}", json.dumps(body).encode(),
        {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.status


def logs(body="a line", count=1):
    records = [{"body": {"stringValue": body},
                "attributes": [{"key": body, "value": {"stringValue": body}}]}] * count
    return {"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}


def arrived_logs(sink, body="a line"):
    """Log records of logs(); requests that waited at the same time were joined to one."""
    return sum(record.count(body.encode()) for record in sink.records()) // 3


def spans(name):
    return {"resourceSpans": [{"scopeSpans": [{"spans": [{
        "name": name, "traceId": "0" * 31 + "1", "spanId": "0" * 15 + "1",
        "traceState": name}]}]}]}


def start(case, config, outputs, wait=True):
    """A collector with given standard descriptors: {"stdout": …, "stderr": …}."""
    path = os.path.join(case.folder, f"outputs{len(case.processes)}.yaml")
    with open(path, "w") as out:
        json.dump(config, out)
    process = Process.__new__(Process)
    process.log_path = None
    process.child = subprocess.Popen([case.millrace, "--config", path], **outputs)
    case.keep(process)
    if wait:
        for protocol in config["receivers"]["otlp"]["protocols"].values():
            wait_for_port(int(protocol["endpoint"].rpartition(":")[2]))
    return process.child


def stuck_pipe():
    """(reading end, writing end) of a full pipe."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    try:
        while True:
            os.write(writing, b"x" * 65536)
    except BlockingIOError:
        pass
    os.set_blocking(writing, True)
    return reading, writing


def refused_requests(port, count):
    """Sends refused requests; each is a line of the log."""
    for _ in range(count):
        with socket.create_connection(("127.0.0.1", port), 10) as peer:
            peer.sendall(b"POST /no/such/path HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n")
            assert peer.recv(100).startswith(b"HTTP/1.1 404"), "no answer"


def unsampled(config):
    config["service"]["telemetry"]["logs"] = {"sampling": {"enabled": False}}
    return config


def a_log_that_nobody_reads_stalls_nothing(case):
    sink = Sink(case)
    config, _, http = configuration({"otlp_grpc": to_sink(sink.port)})
    reading, writing = stuck_pipe()
    child = start(case, unsampled(config), {"stderr": writing, "stdout": writing})
    refused_requests(http, 300)
    for _ in range(10):
        assert post(http, "logs", logs()) == 200
    wait_until(lambda: arrived_logs(sink) == 10, lambda: f"{arrived_logs(sink)} of 10 arrived")
    child.send_signal(signal.SIGTERM)
    assert child.wait(10) == 0, "it did not end on its own"
    os.close(reading)
    os.close(writing)


def what_a_log_lost_is_said_when_it_is_read_again(case):
    config, _, http = configuration({"nop": {}})
    reading, writing = stuck_pipe()
    child = start(case, unsampled(config), {"stderr": writing})
    os.close(writing)
    refused_requests(http, 12_000)  # more than a mebibyte of lines
    text = b""
    while b"log lines were dropped" not in text:
        piece = os.read(reading, 1 << 16)
        assert piece, "it ended without the line"
        text += piece
    child.send_signal(signal.SIGTERM)
    while piece := os.read(reading, 1 << 16):
        text += piece
    assert child.wait(10) == 0
    said = sum(int(line.rpartition(b"dropped_lines=")[2]) for line in text.splitlines()
               if b"dropped_lines=" in line)
    refused = text.count(b"reason=bad_path")
    assert said > 0 and said + refused == 12_000, (said, refused)
    assert text.splitlines()[-1].startswith(b"ledger: "), text[-300:]


def debug_to_a_log_that_nobody_reads_stalls_nothing(case):
    sink = Sink(case)
    config, _, http = configuration({"otlp_grpc": to_sink(sink.port),
                                     "debug": {"verbosity": "detailed"}})
    reading, writing = stuck_pipe()
    child = start(case, config, {"stderr": writing})
    for _ in range(40):
        assert post(http, "logs", logs("y" * 1000, 100)) == 200
    wait_until(lambda: arrived_logs(sink, "y" * 1000) == 4000,
               lambda: f"{arrived_logs(sink, 'y' * 1000)} of 4000 arrived")
    child.send_signal(signal.SIGTERM)
    assert child.wait(20) == 0
    os.close(reading)
    os.close(writing)


def debug_to_an_output_that_is_read_late_loses_nothing(case):
    config, _, http = configuration({"debug": {"verbosity": "normal", "use_internal_logger": False,
                                               "sampling_initial": 1_000_000}})
    child = start(case, config, {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL})
    for index in range(60):
        assert post(http, "logs", logs(f"{index:03}" + "z" * 1000, 50)) == 200
    time.sleep(1.5)  # longer than a log waits for its reader
    child.send_signal(signal.SIGTERM)
    out, _ = child.communicate(timeout=30)
    assert child.returncode == 0
    shown = sum(line.startswith(b"  ") for line in out.splitlines())
    assert shown == 60 * 50, shown


def closed_and_full_outputs_cost_lines_only(case):
    def closed():
        os.close(1)
        os.close(2)

    full = os.open("/dev/full", os.O_WRONLY)
    broken_reading, broken = os.pipe()
    os.close(broken_reading)
    for outputs in ({"preexec_fn": closed}, {"stdout": full, "stderr": full},
                    {"stdout": broken, "stderr": broken}):
        path = os.path.join(case.folder, "records.json")
        config, _, http = configuration({"file": {"path": path}, "debug": {}})
        child = start(case, unsampled(config), outputs)
        refused_requests(http, 20)
        assert post(http, "logs", logs()) == 200
        child.send_signal(signal.SIGTERM)
        assert child.wait(10) == 0, outputs
        with open(path) as recorded:
            lines = recorded.read().splitlines()
        assert len(lines) == 1 and json.loads(lines[0]), "the log went into another file"
    for descriptor in (full, broken):
        os.close(descriptor)


def hanging_collector(case, outputs):
    """A collector that cannot drain, because its back end never answers."""
    port = free_port()
    hanging = case.keep(Process([case.millrace, "sink", "--endpoint", f"127.0.0.1:{port}",
                                 "--interval", "0", "--hang", "1"]))
    assert hanging
    wait_for_port(port)
    config, _, http = configuration({"otlp_grpc": to_sink(port)})
    child = start(case, config, outputs)
    assert post(http, "logs", logs()) == 200
    return child


def a_second_signal_ends_at_once(case):
    reading, writing = stuck_pipe()
    for outputs in ({"stderr": subprocess.DEVNULL}, {"stderr": writing, "stdout": writing}):
        for first, second in ((signal.SIGTERM, signal.SIGTERM), (signal.SIGINT, signal.SIGQUIT)):
            child = hanging_collector(case, outputs)
            child.send_signal(first)
            time.sleep(0.5)
            assert child.poll() is None, "it did not wait for its back end"
            begun = time.monotonic()
            child.send_signal(second)
            assert child.wait(5) == ENDED_EARLY, child.returncode
            assert time.monotonic() - begun < 3
    os.close(reading)
    os.close(writing)


def a_second_signal_ends_a_stopped_loop(case):
    """Stops every worker as if it were stuck; only the signal thread runs."""
    child = hanging_collector(case, {"stderr": subprocess.DEVNULL})
    libc = ctypes.CDLL(None, use_errno=True)
    workers = []
    for task in os.listdir(f"/proc/{child.pid}/task"):
        with open(f"/proc/{child.pid}/task/{task}/comm") as name:
            if name.read().startswith("worker-"):
                workers.append(int(task))
    stopped = []
    try:
        for worker in workers:
            if libc.ptrace(PTRACE_SEIZE, worker, None, None) != 0:
                print("     skipped: threads cannot be stopped here")
                return
            stopped.append(worker)
            assert libc.ptrace(PTRACE_INTERRUPT, worker, None, None) == 0
        for _ in range(2):
            child.send_signal(signal.SIGTERM)
            time.sleep(0.3)
        reap_threads(stopped)
        assert child.wait(5) == ENDED_EARLY, child.returncode
    finally:
        child.kill()
        reap_threads(stopped)


def reap_threads(threads):
    """Waits as the tracer for stopped threads that ended; the process ends after the last one."""
    deadline = time.monotonic() + 5
    while threads and time.monotonic() < deadline:
        for thread in list(threads):
            try:
                pid, status = os.waitpid(thread, os.WNOHANG | WAIT_FOR_THREADS)
            except ChildProcessError:
                threads.remove(thread)
                continue
            if pid != 0 and (os.WIFEXITED(status) or os.WIFSIGNALED(status)):
                threads.remove(thread)
        time.sleep(0.02)


def signals_without_a_meaning_end_nothing(case):
    sink = Sink(case)
    config, _, http = configuration({"otlp_grpc": to_sink(sink.port)})
    process = case.start(config)
    ignored = [signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF,
               signal.SIGHUP, signal.SIGPIPE, signal.SIGIO, signal.SIGSTKFLT, signal.SIGXFSZ,
               signal.SIGRTMIN, signal.SIGRTMAX, signal.SIGURG, signal.SIGWINCH, signal.SIGCHLD]
    for number in ignored:
        process.child.send_signal(number)
        time.sleep(0.05)
        assert process.child.poll() is None, f"{number!r} ended it"
    assert post(http, "logs", logs()) == 200
    assert stop_and_read_ledger(process)["delivered"] == 1


def signals_that_ask_for_an_end_drain(case):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGXCPU, signal.SIGPWR):
        sink = Sink(case)
        config, _, http = configuration({"otlp_grpc": to_sink(sink.port)})
        process = case.start(config)
        assert post(http, "logs", logs(count=5)) == 200
        process.child.send_signal(number)
        assert process.child.wait(DEADLINE_S) == 0, number
        with open(process.log_path) as log:
            last = log.read().strip().splitlines()[-1]
        assert "delivered=5" in last and "balance=ok" in last, (number, last)


def fails_to_start(case, config):
    path = os.path.join(case.folder, "fails.yaml")
    with open(path, "w") as out:
        json.dump(config, out)
    done = subprocess.run([case.millrace, "--config", path], capture_output=True, text=True,
                          timeout=10)
    assert done.returncode == 1, (done.returncode, done.stderr)
    return done.stderr


def a_fifo_fails_the_start_and_does_not_block_it(case):
    fifo = os.path.join(case.folder, "fifo")
    os.mkfifo(fifo)
    why = "it is a fifo, not a regular file"
    assert why in fails_to_start(case, configuration({"file": {"path": fifo}})[0])
    letters = {"endpoint": "127.0.0.1:1", "tls": {"insecure": True}, "dead_letter": {"path": fifo}}
    assert why in fails_to_start(case, configuration({"otlp_grpc": letters})[0])
    recording = subprocess.run([case.millrace, "sink", "--endpoint", f"127.0.0.1:{free_port()}",
                                "--record", fifo], capture_output=True, text=True, timeout=10)
    assert recording.returncode == 2 and why in recording.stderr, recording
    debug = {"use_internal_logger": False, "output_paths": [fifo]}
    assert why in fails_to_start(case, configuration({"debug": debug})[0])


def files_are_not_for_others_and_links_are_not_followed(case):
    shared = os.path.join(case.folder, "shared")
    os.mkdir(shared)
    os.chmod(shared, 0o1777)
    precious = os.path.join(case.folder, "precious")
    with open(precious, "w") as out:
        out.write("precious")
    link = os.path.join(shared, "out.json")
    os.symlink(precious, link)
    assert "symbolic link" in fails_to_start(case, configuration({"file": {"path": link}})[0])
    assert "no file exporter wrote" in fails_to_start(
        case, configuration({"file": {"path": precious}})[0])
    recording = subprocess.run([case.millrace, "sink", "--endpoint", f"127.0.0.1:{free_port()}",
                                "--record", link], capture_output=True, text=True, timeout=10)
    assert recording.returncode == 2 and "symbolic link" in recording.stderr, recording
    with open(precious) as unchanged:
        assert unchanged.read() == "precious"
    path = os.path.join(shared, "fine.json")
    before = os.umask(0)
    try:
        config, _, http = configuration({"file": {"path": path}})
        process = case.start(config)
        sink = Sink(case)
    finally:
        os.umask(before)
    assert post(http, "logs", logs()) == 200
    stop_and_read_ledger(process)
    for made in (path, sink.path):
        assert stat.S_IMODE(os.stat(made).st_mode) == 0o640, made


def senders_forge_no_line_of_the_log(case):
    for verbosity in ("normal", "detailed"):
        config, _, http = configuration({"debug": {"verbosity": verbosity}})
        process = case.start(config)
        assert post(http, "logs", logs(FORGED)) == 200
        assert post(http, "traces", spans(FORGED)) == 200
        assert post(http, "traces", spans("ledger: admitted=0 held=0 balance=ok")) == 200
        stop_and_read_ledger(process)
        with open(process.log_path) as log:
            text = log.read()
        assert text.count("\nledger: ") == 1, text
        assert not set(text) & {"\x1b", "\u009b", "\u2028"}, text
        assert "\\n" in text and "\\u001b" in text, text


def raw_text_goes_to_files_only(case):
    raw = {"verbosity": "normal", "use_internal_logger": False, "escape_control_characters": False}
    assert "escape_control_characters" in fails_to_start(case, configuration({"debug": raw})[0])
    path = os.path.join(case.folder, "raw.txt")
    config, _, http = configuration({"debug": {**raw, "output_paths": [path]}})
    process = case.start(config)
    assert post(http, "logs", logs(FORGED)) == 200
    stop_and_read_ledger(process)
    with open(path) as out:
        assert FORGED.partition("\n")[0] + "\nledger: " in out.read()


def what_a_full_queue_loses_is_said(case):
    """The first loss of a best-effort and of a required destination at once, later the totals."""
    port = free_port()
    case.keep(Process([case.millrace, "sink", "--endpoint", f"127.0.0.1:{port}", "--interval", "0",
                       "--hang", "1"]))
    wait_for_port(port)
    tight = {"queue_size": 2, "num_consumers": 1}
    for required, lost, total in ((True, "Data is being refused", "Data is still being refused"),
                                  (False, "Data is being dropped", "Data is still being dropped")):
        config, _, http = configuration(
            {"otlp_grpc/full": to_sink(port, required=required, sending_queue=tight)})
        process = case.start(config)

        def text():
            with open(process.log_path) as log:
                return log.read()

        def send():
            for _ in range(5):
                try:
                    post(http, "logs", logs(count=7))
                except urllib.error.HTTPError as refused:
                    assert refused.code == 503, refused

        send()
        wait_until(lambda: lost in text(), lambda: text())
        assert text().count(lost) == 1 and "exporter=otlp_grpc/full" in text(), text()

        def totals_are_said():
            send()
            return total in text()

        wait_until(totals_are_said, lambda: text())
        process.child.kill()


def every_line_of_a_json_log_is_json(case):
    config, _, http = configuration({"debug": {"verbosity": "detailed"}})
    config["service"]["telemetry"]["logs"] = {"encoding": "json"}
    process = case.start(config)
    assert post(http, "logs", logs(FORGED, 3)) == 200
    process.child.send_signal(signal.SIGTERM)
    assert process.child.wait(DEADLINE_S) == 0
    with open(process.log_path) as log:
        lines = [json.loads(line) for line in log.read().splitlines()]
    first, last = lines[0], lines[-1]
    assert first["msg"] == "starting" and first["pid"] == process.child.pid, first
    assert first["configuration"].endswith(".yaml") and len(first["configuration_sha256"]) == 64
    assert first["version"] and first["commit"], first
    assert last["msg"] == "ledger" and last["delivered"] == 3 and last["balance"] == "ok", last
    assert any(line.get("exporter") == "debug" and FORGED in line["msg"].replace("\\n", "\n")
               or "LogRecord #2" in line["msg"] for line in lines), lines


def cases():
    for case in (a_log_that_nobody_reads_stalls_nothing,
                 what_a_log_lost_is_said_when_it_is_read_again,
                 debug_to_a_log_that_nobody_reads_stalls_nothing,
                 debug_to_an_output_that_is_read_late_loses_nothing,
                 closed_and_full_outputs_cost_lines_only, a_second_signal_ends_at_once,
                 a_second_signal_ends_a_stopped_loop, signals_without_a_meaning_end_nothing,
                 signals_that_ask_for_an_end_drain, a_fifo_fails_the_start_and_does_not_block_it,
                 files_are_not_for_others_and_links_are_not_followed,
                 senders_forge_no_line_of_the_log,
                 what_a_full_queue_loses_is_said, raw_text_goes_to_files_only,
                 every_line_of_a_json_log_is_json):
        yield case.__name__.replace("_", " "), case
