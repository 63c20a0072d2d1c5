"""The environment of the process: its pipes, its signals, paths that block."""
import fcntl
import os
import signal
import socket
import time

import h2
from attack import check, push, Target
from lone import Lone, nop, to
from payloads import http1

LOUD = {"level": "debug", "sampling": {"enabled": False}}


def fills(lone, seconds=1.0):
    """Sends refused requests; each is a line of the log."""
    target = Target(lone.port, time.monotonic() + seconds)
    push(target, lambda: (target.connect("http"), h2.repeated(b"", http1("/nothing") * 100)), reads=65536)


def small_pipe():
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    return reader, writer


def honest_senders_do_not_wait(lone):
    probed = lone.probe(1.5)
    assert not probed.errors, probed.errors[:3]
    assert probed.p99_ms() < 250, f"honest p99 was {probed.p99_ms():.0f} ms"


@check
def the_log_is_a_pipe_that_is_not_read(millrace, folder):
    """The pipe fills; senders are answered as usual, and SIGTERM ends the process."""
    reader, writer = small_pipe()
    with Lone(millrace, folder, nop(), logs=LOUD, stderr=writer) as lone:
        os.close(writer)
        assert lone.ready()
        fills(lone)
        honest_senders_do_not_wait(lone)
        lone.child.send_signal(signal.SIGTERM)
        ended = lone.ends_within(5)
        if not ended:
            lone.child.send_signal(signal.SIGTERM)
            assert lone.ends_within(2), "neither the first nor the second SIGTERM ended it"
            raise AssertionError("the first SIGTERM did not end it within 5 s")
    os.close(reader)


@check
def the_log_is_a_pipe_whose_reader_has_gone(millrace, folder):
    reader, writer = small_pipe()
    with Lone(millrace, folder, nop(), logs=LOUD, stderr=writer) as lone:
        os.close(writer)
        assert lone.ready()
        os.close(reader)
        fills(lone, 0.3)
        honest_senders_do_not_wait(lone)


@check
def the_debug_output_is_a_pipe_that_is_not_read(millrace, folder):
    reader, writer = small_pipe()
    debug = {"debug": {"verbosity": "detailed", "use_internal_logger": False, "sampling_initial": 100000}}
    with Lone(millrace, folder, debug, stdout=writer) as lone:
        os.close(writer)
        assert lone.ready()
        honest_senders_do_not_wait(lone)
        lone.child.send_signal(signal.SIGTERM)
        lone.child.send_signal(signal.SIGTERM)
        assert lone.ends_within(5), "two SIGTERM did not end it"
    os.close(reader)


@check
def the_second_signal_ends_it(millrace, folder):
    """A back end that never answers delays the drain; the second SIGTERM does not wait for it."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with Lone(millrace, folder, to(silent.getsockname()[1])) as lone:
            assert lone.ready()
            lone.probe(0.3)
            lone.child.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            assert lone.child.poll() is None, "it did not wait for the back end at all"
            lone.child.send_signal(signal.SIGTERM)
            assert lone.ends_within(2), "the second SIGTERM did nothing"


@check
def the_second_signal_ends_it_with_a_full_log(millrace, folder):
    reader, writer = small_pipe()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with Lone(millrace, folder, to(silent.getsockname()[1]), logs=LOUD, stderr=writer) as lone:
            os.close(writer)
            assert lone.ready()
            fills(lone, 0.5)
            lone.child.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            lone.child.send_signal(signal.SIGTERM)
            assert lone.ends_within(3), "the second SIGTERM did nothing"
    os.close(reader)


def starts_or_says_why(lone, path):
    """With a path that blocks, the process starts, or ends with a line that names the path."""
    if lone.ready():
        honest_senders_do_not_wait(lone)
        lone.child.send_signal(signal.SIGTERM)
        lone.child.send_signal(signal.SIGTERM)
        assert lone.ends_within(5), "two SIGTERM did not end it"
        return "came up"
    assert path.encode() in lone.text(lone.err), lone.text(lone.err)[-500:]
    return "said why"


def fifo(folder, name):
    path = os.path.join(folder, name)
    os.mkfifo(path)
    return path


@check
def a_fifo_as_the_path_of_file(millrace, folder):
    path = fifo(folder, "file.fifo")
    with Lone(millrace, folder, {"file": {"path": path}}) as lone:
        return starts_or_says_why(lone, path)


@check
def a_fifo_as_the_path_of_dead_letters(millrace, folder):
    path = fifo(folder, "dead.fifo")
    with Lone(millrace, folder, to(9, dead_letter={"path": path})) as lone:
        return starts_or_says_why(lone, path)


@check
def a_fifo_as_a_file_of_tokens(millrace, folder):
    path = fifo(folder, "tokens.fifo")
    with Lone(millrace, folder, nop(), extensions={"bearertokenauth": {"filename": path}},
              http={"auth": {"authenticator": "bearertokenauth"}}) as lone:
        try:
            if not lone.ready():
                return "said why"
        except AssertionError:
            raise AssertionError("the start waits for the fifo") from None
    return "came up"


@check
def signals_that_are_not_for_the_end(millrace, folder):
    """USR1, USR2, ALRM, HUP, PIPE, VTALRM, PROF, WINCH, URG leave it running; QUIT drains."""
    harmless = (signal.SIGUSR1, signal.SIGUSR2, signal.SIGPIPE, signal.SIGHUP, signal.SIGWINCH, signal.SIGURG)
    with Lone(millrace, folder, nop()) as lone:
        assert lone.ready()
        for number in harmless:
            lone.child.send_signal(number)
            time.sleep(0.1)
            if number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGPIPE, signal.SIGWINCH, signal.SIGURG):
                assert lone.child.poll() is None, f"{number.name} ended it"
        if lone.child.poll() is None:
            lone.child.send_signal(signal.SIGQUIT)
            assert lone.ends_within(5), "SIGQUIT did nothing"
            assert lone.child.returncode == 0, f"SIGQUIT: ended with {lone.child.returncode}"
            assert b"balance=ok" in lone.text(lone.err), "SIGQUIT did not drain"


@check
def an_alarm_does_not_tear_it_down(millrace, folder):
    """SIGALRM is ignored or drains; it does not kill."""
    with Lone(millrace, folder, nop()) as lone:
        assert lone.ready()
        lone.child.send_signal(signal.SIGALRM)
        if lone.ends_within(1):
            assert lone.child.returncode == 0, f"SIGALRM: ended with {lone.child.returncode}"
