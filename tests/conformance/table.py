"""The table of conformance lines: which function shows which line of the OTLP specification's
checklist (numbers as in its sections: both transports, gRPC, HTTP, JSON, recommendations)."""

TESTS = []  # (name, lines, role, function)


def shows(*lines, role):
    def register(function):
        TESTS.append((function.__name__, lines, role, function))
        return function
    return register


# Lines that no test of ours can show, each with the reason.
NOT_TESTED = {
    15: "a statement about duplicates, no behaviour of ours",
    16: "a statement about hops, no behaviour of ours",
    24: "allows other codes; nothing is required",
    42: "HTTP in general; the parser's own tests and h2spec show it",
}
LINE_COUNT = 56
