"""Small requests that become large after admission: other forms of the same data, copies, tables by key."""
import base64
import itertools
import os
import threading
import time

import h2
from attack import attack, push
from payloads import (BLOCK_MAX, MOST, ONE_SPAN, around, gzipped, http1, zstd_block, zstd_frame, zstd_pair_block,
                      zstd_pairs, zstd_string)

EMPTY_SPANS = zstd_pairs([1, 2], b"\x12\x00", 8 << 20)
EMPTY_ATTRIBUTES = zstd_pairs([1, 2, 2], b"\x4a\x00", 8 << 20)
LONG_STRING = zstd_string([1, 2, 2, 5], b"\x01", 20 << 20)


def posts(target, *bodies, port="edited_http", coding="zstd", **more):
    """Opens a connection for each body and sends the body repeatedly."""
    return push(target, *[(lambda body=body: (target.connect(port), h2.repeated(
        b"", http1(body=body, Content_Encoding=coding, **more)))) for body in bodies], reconnect=True, reads=65536)


@attack(config="to file", seconds=2, refused_max=0.5)
def empty_records_become_lines(target):
    """4 million empty spans, empty attributes, 20 MB of control characters: their JSON is far longer."""
    return posts(target, EMPTY_SPANS, EMPTY_ATTRIBUTES, LONG_STRING)


@attack(config="to file", seconds=2, refused_max=0.5)
def one_string_becomes_a_line_of_a_hundred_megabytes(target):
    """20 MB of control characters, alone, so that the budget has room for them: 120 MB as JSON."""
    return posts(target, LONG_STRING)


@attack(config="to debug", seconds=2, refused_max=0.5)
def a_resource_in_two_parts_becomes_words(target):
    """Each of 8 MB: a reader of the resource has to join them."""
    size = 8 << 20
    parts = [zstd_block(0, len(head), head) + zstd_pair_block(b"\x0a\x00") * (size // BLOCK_MAX)
             for head in [around([1], size)] * 2]
    whole = around([1], 2 * (size + len(around([1], size))))
    return posts(target, zstd_frame(zstd_block(0, len(whole), whole), *parts))


@attack(config="to debug", seconds=2, refused_max=0.5)
def empty_records_become_words(target):
    """The same requests as text of the debug exporter."""
    return posts(target, EMPTY_SPANS, EMPTY_ATTRIBUTES, LONG_STRING)


@attack(config="to json", seconds=2, refused_max=0.5)
def empty_records_become_json_on_their_way(target):
    return posts(target, EMPTY_SPANS, EMPTY_ATTRIBUTES, LONG_STRING)


@attack(config="to dead letters", seconds=2, refused_max=0.5)
def large_requests_become_dead_letters(target):
    """Requests of 20 MB, as base64."""
    return posts(target, LONG_STRING, LONG_STRING, EMPTY_SPANS)


@attack(config="cut small", seconds=2, refused_max=0.5)
def one_request_is_cut_into_hundreds_of_thousands(target):
    """4 million spans in batches of ten."""
    return posts(target, EMPTY_SPANS, EMPTY_SPANS)


@attack(config="compressed", seconds=2, refused_max=0.5)
def what_does_not_compress_is_compressed(target):
    """10 MB of noise, and bodies that compress to almost nothing."""
    noise = os.urandom(1 << 20)
    return posts(target, gzipped((b"\x0a\x80\x80\x80\x05\x12\xfb\xff\xff\x04\x12", 1), (noise, 10)),
                 coding="gzip") and posts(target, LONG_STRING, EMPTY_SPANS)


@attack(config="compressed", seconds=2, refused_max=0.5)
def a_long_header_is_copied_into_every_span(target):
    """A header of 30 kB is copied into each of 4,000 spans: 30 kB become 120 MB."""
    body = zstd_pairs([1, 2], b"\x12\x00", MOST // 500)
    return posts(target, body, body, X_Big="b" * 30_000)


@attack(config="doors", refused_max=0.5)
def clients_by_the_hundred_thousand(target):
    """Clients are counted by a header: each request has another name, of 3 kB."""
    def feed(seed):
        for i in itertools.count():
            yield b"".join(http1(body=b"bad", X_Client=f"{seed}.{i}.{j}." + "c" * 3000) for j in range(50))
    return push(target, *[(lambda seed=seed: (target.connect("metadata_http"), feed(seed))) for seed in range(4)],
                reconnect=True, reads=65536)


def guess(target):
    """Each request has another password; a bcrypt hash of cost 10 takes some 60 ms of a processor."""
    def feed(seed):
        for i in itertools.count():
            word = base64.b64encode(f"one:{seed}.{i}".encode()).decode()
            yield http1(body=ONE_SPAN, Authorization=f"Basic {word}")
    return push(target, *[(lambda seed=seed: (target.connect("auth_http"), feed(seed))) for seed in range(8)],
                reconnect=True, reads=65536)


@attack(config="doors", counts=("guessing",), logs=True, turns_are_short=True)
def passwords_are_guessed(target):
    """No loop waits for a hash."""
    return guess(target)


@attack(config="doors", seconds=4, counts=("guessing",), turns_are_short=True)
def a_right_password_comes_among_guessed_ones(target):
    """Beside the guesses a sender from another address shows its password for the first time, and again."""
    heard = []

    def sender():
        word = base64.b64encode(b"one:wonder").decode()
        for pause in (0.3, 0.1):
            time.sleep(pause)
            begun = time.monotonic()
            sock = target.connect("auth_http", source="127.0.0.3")
            sock.sendall(http1(body=ONE_SPAN, Authorization=f"Basic {word}"))
            heard.append((sock.recv(12), time.monotonic() - begun))
            sock.close()
    thread = threading.Thread(target=sender)
    thread.start()
    pushed = guess(target)
    thread.join(5)
    assert [status for status, _ in heard] == [b"HTTP/1.1 200"] * 2, heard
    (_, first), (_, again) = heard
    # The first waits behind what the address of the guesses may have hashed at once; the second is known.
    assert first < 2.5 and again < 0.3, f"{first:.2f} s, then {again:.2f} s"
    return pushed


@attack(config="doors", refused_max=0.9)  # valid data that fills the one queue: all senders must retry
def a_batch_for_each_request(target):
    """Batches are partitioned by a header that differs in each request, of 3 kB."""
    def feed(seed):
        for i in itertools.count():
            yield b"".join(http1(body=ONE_SPAN, X_Part=f"{seed}.{i}.{j}." + "p" * 3000) for j in range(50))
    return push(target, *[(lambda seed=seed: (target.connect("edited_http"), feed(seed))) for seed in range(4)],
                reconnect=True, reads=65536)
