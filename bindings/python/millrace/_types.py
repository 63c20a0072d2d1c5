"""The types of settings, items and statistics; numbers as in the C interface."""
import enum
from dataclasses import dataclass, field


class Protocol(enum.IntEnum):
    AUTO = 0
    GRPC = 1
    HTTP = 2
    HTTP_JSON = 3


class Compression(enum.IntEnum):
    NONE = 0
    GZIP = 1
    ZSTD = 2


class OnFull(enum.IntEnum):
    REJECT = 0
    DROP_NEWEST = 1
    DROP_OLDEST = 2


class Batching(enum.IntEnum):
    ADAPTIVE = 0
    FIXED = 1


class SpanKind(enum.IntEnum):
    UNSPECIFIED = 0
    INTERNAL = 1
    SERVER = 2
    CLIENT = 3
    PRODUCER = 4
    CONSUMER = 5


class StatusCode(enum.IntEnum):
    UNSET = 0
    OK = 1
    ERROR = 2


class Severity(enum.IntEnum):
    UNSPECIFIED = 0
    TRACE = 1
    DEBUG = 5
    INFO = 9
    WARN = 13
    ERROR = 17
    FATAL = 21


class Temporality(enum.IntEnum):
    DELTA = 1  # since the previous point, whose time is start_time_unix_nano
    CUMULATIVE = 2


class Signal(enum.IntEnum):
    TRACES = 0
    METRICS = 1
    LOGS = 2


class Error(Exception):
    """A call that failed; `code` is its name in the C interface, without the prefix."""

    def __init__(self, code, message=""):
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code


@dataclass
class Endpoint:
    """One endpoint; a field that is None keeps the library's default."""
    url: str
    protocol: Protocol = Protocol.AUTO
    headers: dict = field(default_factory=dict)
    compression: Compression = Compression.NONE
    ca_file: str = None
    certificate_file: str = None
    key_file: str = None
    server_name: str = None
    skip_verification: bool = False
    timeout_ms: int = None
    required: bool = True
    concurrency_max: int = None
    retry_ms: tuple = None  # (for, initial, max)


@dataclass
class Statistics:
    """Counts are items. `destinations`: one dictionary for each destination and signal."""
    collected: int
    refused: int
    exported: int
    failed: int
    queued: int
    dropped: dict  # by reason, where not 0
    balances: bool
    destinations: list
    repaired_texts: int = 0  # texts that were not UTF-8
    truncated_values: int = 0  # texts longer than attribute_value_length_max
    skipped_attributes: int = 0  # attributes without a key or nested too deep
