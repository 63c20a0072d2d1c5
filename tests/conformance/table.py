"""The table of conformance lines: the test function of each line in the OTLP specification's
checklist (numbers as in its sections: both transports, gRPC, HTTP, JSON, recommendations)."""

TESTS = []  # (name, lines, role, function)


def shows(*lines, role):
    def register(function):
        TESTS.append((function.__name__, lines, role, function))
        return function
    return register


# Lines without a test here, each with the place of its test or the reason.
NOT_TESTED = {
    16: "a statement about hops, not a behaviour of the collector",
    18: "fixed ports would conflict with other programs; src/receivers/otlp/options_test.cc has the default",
    24: "allows other codes; nothing is required",
    30: "as line 18",
    42: "HTTP in general; h2spec and src/http/'s own tests show it",
}
LINE_COUNT = 56
