"""The program on a terminal: `traces`, `logs`, `metrics`, `ledger` and `top` of a running collector, and the
progress of long work. A pseudoterminal stands for the terminal."""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import urllib.request

import console
from harness import DEADLINE_S, Sink, configuration, to_sink, wait_until
from processes import free_port, wait_for_port

ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"


class Terminal:
    """A program on a pseudoterminal of its own."""

    def __init__(self, arguments, columns=100, rows=30, **environment):
        self.open = self.parent, self.child = pty.openpty()
        self.resize(columns, rows)
        self.before = termios.tcgetattr(self.child)
        self.output = b""
        self.process = subprocess.Popen(
            arguments, stdin=self.child, stdout=self.child, stderr=self.child, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            env={**os.environ, "TERM": "xterm-256color", **environment})

    def resize(self, columns, rows):
        fcntl.ioctl(self.parent, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def press(self, keys):
        os.write(self.parent, keys)

    def read(self, seconds=0.05):
        """Reads for at least that time."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if select.select([self.parent], [], [], left)[0]:
                self.output += os.read(self.parent, 65536)

    def wait_for(self, text, since=0):
        """The place behind the text in the output."""
        wanted, deadline = text if isinstance(text, bytes) else text.encode(), time.monotonic() + DEADLINE_S
        while (at := self.output.find(wanted, since)) < 0:
            assert time.monotonic() < deadline and self.process.poll() is None, (text, self.output[-3000:])
            self.read()
        return at + len(wanted)

    def end(self):
        """The exit code, when the terminal is as it was."""
        code = self.process.wait(DEADLINE_S)
        self.read()
        assert termios.tcgetattr(self.child) == self.before, "the terminal was left in another mode"
        return code

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for descriptor in self.open:
            os.close(descriptor)
        self.open = []


def on_terminal(case, arguments, **how):
    return case.keep(Terminal([case.millrace, *arguments], **how))


def pictures(output):
    """The lines of each picture, without colours."""
    text = re.sub(rb"\x1b\[[0-9;]*m", b"", output).decode()
    return [[line.replace("\x1b[K", "").rstrip("\r") for line in picture.split("\n")]
            for picture in text.split("\x1b[H")[1:]]


def shown(case, *arguments):
    done = subprocess.run([case.millrace, *arguments], capture_output=True, text=True, timeout=DEADLINE_S)
    return done.returncode, done.stdout, done.stderr


def tables_show_what_the_api_has(case):
    address, grpc = console.served(case)
    for name in ("traces", "logs", "metrics"):
        case.generate(grpc, 100, signal=name)
    here = ("--address", address)

    def api(path):
        with urllib.request.urlopen(address + path) as answer:
            return json.load(answer)

    # Behind the answer to the sender.
    wait_until(lambda: api("/api/v1/traces")["traces"] and api("/api/v1/logs")["logs"] and
               api("/api/v1/metrics")["metrics"], lambda: "the console keeps nothing")
    for command, path in (("traces", "/api/v1/traces"), ("logs", "/api/v1/logs"), ("metrics", "/api/v1/metrics"),
                          ("ledger", "/api/v1/ledger")):
        code, out, err = shown(case, command, "--json", *here)
        assert (code, err) == (0, ""), err
        assert json.loads(out).keys() == api(path).keys(), out
    listed = api("/api/v1/traces")["traces"]
    code, out, _ = shown(case, "traces", *here)
    assert code == 0 and all(trace["trace_id"] in out for trace in listed), out
    assert "\x1b" not in out, "colours without a terminal"
    trace = listed[0]
    code, out, _ = shown(case, "traces", trace["trace_id"], *here)
    assert code == 0 and f"{trace['span_count']} spans" in out, out
    code, out, _ = shown(case, "logs", "--limit", "3", *here)
    assert code == 0 and len(out.splitlines()) == 4, out
    metric = api("/api/v1/metrics")["metrics"][0]["name"]
    assert metric in shown(case, "metrics", *here)[1]
    assert metric in shown(case, "metrics", metric, *here)[1]
    code, out, _ = shown(case, "ledger", *here)
    assert code == 0 and "nop" in out and "balanced" in out, out
    # A terminal gets colours and lines that fit, unless NO_COLOR is set.
    for environment, has_colours in (({}, True), ({"NO_COLOR": "1"}, False)):
        terminal = on_terminal(case, ("logs", *here), columns=60, **environment)
        assert terminal.end() == 0
        assert (b"\x1b[" in terminal.output) == has_colours, terminal.output[:300]
        plain = re.sub(rb"\x1b\[[0-9;]*m", b"", terminal.output).decode()
        assert plain and all(len(line) <= 60 for line in plain.splitlines()), plain


def logs_are_followed(case):
    address, grpc = console.served(case)
    case.generate(grpc, 25, signal="logs")
    terminal = on_terminal(case, ("logs", "-f", "--address", address))
    first = terminal.wait_for("TIME")
    terminal.wait_for("order ", first)
    terminal.read(1.5)
    before = len(terminal.output)
    case.generate(grpc, 25, signal="logs", **{"first-sequence": 1000})
    terminal.wait_for("order ", before)
    terminal.press(b"\x03")
    assert terminal.end() == 0
    assert terminal.output[first:].count(b"TIME") == 0, "the titles were repeated"


def errors_say_what_to_do(case):
    address, grpc = console.served(case, token="0123456789abcdef")
    nobody = f"http://127.0.0.1:{free_port()}"
    for arguments, words in (
            (("--address", nobody), "no console answers at " + nobody),
            (("--address", f"http://127.0.0.1:{grpc}"), "is not the console of a collector"),
            (("--address", address), "wants a token: --token-file"),
            (("--address", address, "--token", "wrong"), "refuses this token"),
            (("--address", address, "--token-file", "/nowhere"), "/nowhere"),
            (("--address", "ftp://x"), "--address")):
        for command in ("traces", "top"):
            code, out, err = shown(case, command, *arguments)
            assert code == 1 and out == "" and words in err, (command, arguments, out, err)
    path = os.path.join(case.folder, "token")
    with open(path, "w") as out:
        out.write("0123456789abcdef\n")
    assert shown(case, "ledger", "--address", address, "--token-file", path)[0] == 0
    for wrong in (("--limit", "0"), ("--sort", "up"), ("--min-duration", "soon"), ("--nothing",)):
        code, _, err = shown(case, "traces", *wrong)
        assert code == 2 and wrong[0].lstrip("-") in err, (wrong, err)


def busy(case):
    """The address of the console of a collector with data and with a back end that does not answer."""
    config, grpc, _ = configuration({"nop": None, "otlp_grpc/dead": to_sink(free_port())}, signals=("traces",))
    port = free_port()
    config["extensions"] = {"console": {"endpoint": f"127.0.0.1:{port}"}}
    config["service"]["extensions"] = ["console"]
    case.start(config)
    wait_for_port(port)
    case.generate(grpc, 1000)
    return f"http://127.0.0.1:{port}", grpc


def top_is_drawn_and_leaves_no_trace(case):
    address, grpc = busy(case)
    terminal = on_terminal(case, ("top", "--address", address, "--interval", "100ms"), columns=120)
    terminal.wait_for(ENTER)
    for words in ("otlp_grpc/dead", "failed in a row", "1,000", "q end"):
        terminal.wait_for(words)
    rates = len(terminal.output)
    case.generate(grpc, 20_000)
    terminal.wait_for("21,000", rates)
    terminal.press(b"?")
    terminal.wait_for("this help, and back")
    back = len(terminal.output)
    terminal.press(b"?")
    terminal.wait_for("DESTINATION", back)
    # An arrow key is not q; the window becomes narrow and low.
    terminal.press(b"\x1b[A")
    terminal.resize(40, 8)
    resized = len(terminal.output)
    terminal.wait_for("PIPEL", resized)
    terminal.read(0.5)
    terminal.press(b"q")
    assert terminal.end() == 0
    assert terminal.output.rstrip().endswith(LEAVE), terminal.output[-200:]
    last = pictures(terminal.output)[-1]
    assert len(last) <= 8 and all(len(line.split("\x1b")[0]) <= 40 for line in last), last


def top_ends_cleanly_with(name, send, code):
    def run(case):
        address, _ = busy(case)
        terminal = on_terminal(case, ("top", "--address", address, "--interval", "100ms"))
        terminal.wait_for("q end")
        send(terminal)
        assert terminal.end() == code
        assert terminal.output.rstrip().endswith(LEAVE), terminal.output[-200:]
    run.__name__ = name
    return run


def top_can_be_stopped_and_continued(case):
    address, _ = busy(case)
    terminal = on_terminal(case, ("top", "--address", address, "--interval", "100ms"))
    terminal.wait_for("q end")
    terminal.process.send_signal(signal.SIGTSTP)
    terminal.wait_for(LEAVE)
    assert termios.tcgetattr(terminal.child) == terminal.before, "a stopped top keeps the terminal"
    stopped = len(terminal.output)
    terminal.process.send_signal(signal.SIGCONT)
    terminal.wait_for(ENTER, stopped)
    terminal.wait_for("DESTINATION", stopped)
    terminal.press(b"q")
    assert terminal.end() == 0


def top_waits_for_a_collector_and_survives_its_end(case):
    config, grpc, _ = configuration({"nop": None}, signals=("traces",))
    port = free_port()
    config["extensions"] = {"console": {"endpoint": f"127.0.0.1:{port}"}}
    config["service"]["extensions"] = ["console"]
    arguments = ("top", "--address", f"http://127.0.0.1:{port}", "--interval", "100ms")
    terminal = on_terminal(case, arguments, columns=120)
    terminal.wait_for("no console answers")
    collector = case.start(config)
    terminal.wait_for("accepting")
    collector.stop()
    terminal.wait_for("no answer: ")
    terminal.press(b"q")
    assert terminal.end() == 0


def top_without_a_terminal_prints_once(case):
    address, _ = busy(case)
    code, out, err = shown(case, "top", "--address", address, "--interval", "100ms")
    assert (code, err) == (0, ""), err
    assert "\x1b" not in out and out.count("DESTINATION") == 1 and "otlp_grpc/dead" in out, out


def a_tap_shows_what_a_processor_changes(case):
    processors = {"attributes": {"actions": [{"key": "added.here", "value": "yes", "action": "insert"}]}}
    config, grpc, _ = configuration({"nop": None}, signals=("traces",), processors=processors)
    port = free_port()
    config["extensions"] = {"console": {"endpoint": f"127.0.0.1:{port}"}}
    config["service"]["extensions"] = ["console"]
    case.start(config)
    wait_for_port(port)
    here = ("--address", f"http://127.0.0.1:{port}")
    code, out, err = shown(case, "tap", *here)
    assert (code, err) == (0, "") and "traces@1" in out and "attributes" in out, out + err
    code, _, err = shown(case, "tap", "none@0", *here)
    assert code == 1 and err.startswith("Error: ") and "none" in err, err
    terminal = on_terminal(case, ("tap", "traces@attributes", "--changed", *here))
    terminal.wait_for("behind attributes")
    case.generate(grpc, 100)
    terminal.wait_for('attributes["added.here"]: yes')
    terminal.press(b"\x03")
    assert terminal.end() == 0


def progress_is_shown_on_a_terminal(case):
    port, sink = case.expecting_sink(30_000)
    terminal = on_terminal(case, ("generate", "--endpoint", f"127.0.0.1:{port}", "--total", "30000", "--rate", "20000"))
    terminal.wait_for("of 30,000 spans, ")
    terminal.wait_for(" left")
    assert terminal.end() == 0
    assert b"\x1b[K" in terminal.output, "the line was not removed"
    assert sink.child.wait(DEADLINE_S) == 0
    recorded = os.path.join(case.folder, "recorded.bin")
    port = free_port()
    live = on_terminal(case, ("sink", "--endpoint", f"127.0.0.1:{port}", "--expect", "20000", "--record", recorded))
    wait_for_port(port)
    case.generate(port, 20_000, rate=20_000)
    live.wait_for("of 20,000 items, ")
    assert live.end() == 0
    port, sink = case.expecting_sink(20_000)
    replay = on_terminal(case, ("replay", "--endpoint", f"127.0.0.1:{port}", "--rate", "20000", recorded))
    replay.wait_for(" requests, ")
    replay.wait_for(" %, ")
    assert replay.end() == 0


def a_drain_shows_how_much_is_left(case):
    port = free_port()
    config, grpc, _ = configuration({"otlp_grpc/dead": to_sink(port)}, signals=("traces",))
    config["service"]["shutdown_timeout"] = "60s"
    path = os.path.join(case.folder, "drain.yaml")
    with open(path, "w") as out:
        json.dump(config, out)
    terminal = on_terminal(case, ("--config", path))
    wait_for_port(grpc)
    case.generate(grpc, 500)
    terminal.press(b"\x03")
    terminal.wait_for("0 of 500 held items delivered or given up, 0 %")
    sink = Sink(case, port=port)
    assert terminal.end() == 0
    assert len(sink.span_ids()) == 500
    assert b"balance=ok" in terminal.output


def cases():
    for case in (tables_show_what_the_api_has, logs_are_followed, errors_say_what_to_do,
                 top_is_drawn_and_leaves_no_trace,
                 top_ends_cleanly_with("top ends cleanly with ctrl c", lambda t: t.press(b"\x03"), 0),
                 top_ends_cleanly_with("top ends cleanly with sigterm",
                                       lambda t: t.process.terminate(), -signal.SIGTERM),
                 top_ends_cleanly_with("top ends cleanly with sighup",
                                       lambda t: t.process.send_signal(signal.SIGHUP), -signal.SIGHUP),
                 top_ends_cleanly_with("top ends cleanly with a fault",
                                       lambda t: t.process.send_signal(signal.SIGSEGV), -signal.SIGSEGV),
                 top_can_be_stopped_and_continued, top_waits_for_a_collector_and_survives_its_end,
                 top_without_a_terminal_prints_once, a_tap_shows_what_a_processor_changes, progress_is_shown_on_a_terminal,
                 a_drain_shows_how_much_is_left):
        yield "terminal: " + case.__name__.replace("_", " "), case
