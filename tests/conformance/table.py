"""The table of conformance lines: which function shows which line of the OTLP specification's
checklist (numbers as in its sections: both transports, gRPC, HTTP, JSON, recommendations)."""

TESTS = []  # (name, lines, role, function)


def shows(*lines, role):
    def register(function):
        TESTS.append((function.__name__, lines, role, function))
        return function
    return register


# Lines that these tests do not show, each with where it is shown or why it is not.
NOT_TESTED = {
    16: "a statement about hops, no behaviour of ours",
    18: "fixed ports would meet other programs; src/receivers/otlp/options_test.cc has the default",
    24: "allows other codes; nothing is required",
    30: "as line 18",
    42: "HTTP in general; h2spec and src/http/'s own tests show it",
}
LINE_COUNT = 56
