#!/usr/bin/env python3
"""Finds functions that a header of src/ or daemon/ declares and that no object file defines, and functions
that nothing uses: their name occurs in no source file but where it is declared and defined.

    tests/style/unused.py [--build build/asan]
    tests/style/unused.py --only-tests         also lists what only tests use; that is no breach

Unused functions are searched in the text, so a function that shares its name with another one counts as
used. Undefined ones are searched in the folders of which every source file is compiled. Exits 1 with one
line per breach."""
import argparse
import collections
import functools
import glob
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Words that stand before "(" and declare nothing.
NOT_NAMES = {"if", "for", "while", "switch", "return", "sizeof", "decltype", "noexcept", "alignas", "requires",
             "static_assert", "explicit", "operator", "defined", "alignof", "asm", "typeid", "final"}
# Called by their names by the language or the standard library, not by us.
BY_LANGUAGE = {"begin", "end", "size", "data", "main", "format", "parse", "what", "await_ready",
               "await_suspend", "await_resume", "max_size", "allocate", "deallocate", "swap", "hash",
               "debug"}  # one of the levels of the log
# Tests and programs that only tests use.
TEST = re.compile(r"_(?:test|fuzz|bench|reference|testing|fixture|support)\.(?:cc|h|c)$|/testing/|^src/io/sim/"
                  r"|^src/otlp/(?:example_requests|flatten)\.|^(?:tests|bench|examples)/")
Declared = collections.namedtuple("Declared", "path line scope name is_defined is_exempt")


@functools.cache
def read_without_comments(path):
    """The text of a file with the same lines, its comments and strings blanked."""
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        text = file.read()
    pattern = r'//[^\n]*|/\*.*?\*/|R"\w*\(.*?\)\w*"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\''
    return re.sub(pattern, lambda found: re.sub(r"[^\n]", " ", found.group(0)), text, flags=re.S)


def blank_directives(text):
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda found: re.sub(r"[^\n]", " ", found.group(0)), text,
                  flags=re.M)


def without_template_arguments(text):
    while True:
        shorter = re.sub(r"<[^<>();{}]*(?:\([^<>();{}]*\)[^<>();{}]*)*>", " ", text)
        if shorter == text:
            return text
        text = shorter


def function_name(head):
    """The name that this head of a declaration declares as a function, or None."""
    head = re.sub(r"\[\[.*?\]\]", " ", head)
    head = re.sub(r"\b(?:public|private|protected)\s*:", " ", head)
    head = re.sub(r"\bMILLRACE_\w+\s*(?:\([^()]*\))?", " ", head)
    head = without_template_arguments(head)
    if re.match(r"\s*(?:using|typedef|friend|static_assert|extern)\b", head) or "operator" in head:
        return None
    found = re.match(r"[^(=]*?([~\w]+)\s*\(", head)
    if found is None or found.group(1) in NOT_NAMES or found.group(1).startswith("~"):
        return None
    # A constructor has nothing before its name.
    before = re.sub(r"\b(?:explicit|constexpr|inline|consteval)\b", "", head[:found.start(1)]).strip()
    return found.group(1) if before and not before.endswith(("=", ",", ":")) else None


def scope_of(head):
    """What a brace opens: ("namespace" or "class", its name), or None for a body."""
    head = re.sub(r"\[\[.*?\]\]|\bMILLRACE_\w+\s*(?:\([^()]*\))?|\balignas\([^()]*\)", " ", head)
    head = re.sub(r"\b(?:public|private|protected)\s*:(?!:)", " ", head)
    if found := re.match(r"\s*(?:inline\s+)?namespace\s*([\w:]*)\s*$", head):
        return "namespace", found.group(1)
    if found := re.match(r'\s*extern\s+" *\w* *"?\s*$|\s*extern\s*$', head):
        return "namespace", ""
    head = re.sub(r"^\s*template\s*<", "template <", head)
    bare = without_template_arguments(head)
    if found := re.match(r"\s*(template\s+)?(?:class|struct|union)\s+([\w:]+)[^()=]*$", bare):
        return ("template" if found.group(1) else "class"), found.group(2)
    return None


def declarations(path):
    """Of a header: every function it declares, at namespace or class level."""
    text = blank_directives(read_without_comments(path))
    scopes, head_start, position = [], 0, 0

    def declared(head, start, is_defined):
        name = function_name(head)
        if name is None:
            return None
        line = text.count("\n", 0, start + len(head) - len(head.lstrip())) + 1
        exempt = (re.search(r"=\s*(?:0|delete|default)\s*$", head) is not None
                  or re.search(r"\boverride\b|\bfinal\b", head) is not None or head.lstrip().startswith("template")
                  or any(kind == "template" for kind, _ in scopes))
        scope = "::".join(name_ for _, name_ in scopes if name_)
        return Declared(path, line, scope, name, is_defined, exempt)

    while position < len(text):
        char = text[position]
        if char == ";":
            if found := declared(text[head_start:position], head_start, False):
                yield found
            head_start = position + 1
        elif char == "}":
            if scopes:
                scopes.pop()
            head_start = position + 1
        elif char == "{":
            head = text[head_start:position]
            opened = scope_of(head)
            if opened is None:
                found = declared(head, head_start, True)
                depth = 1
                while depth and position + 1 < len(text):
                    position += 1
                    depth += {"{": 1, "}": -1}.get(text[position], 0)
                if found:
                    yield found
                    head_start = position + 1
                # What is no function goes on behind its brace: an initializer, a lambda, an enumeration.
            else:
                scopes.append(opened)
                head_start = position + 1
        position += 1


def sources(*patterns):
    paths = sorted(path for pattern in patterns
                   for path in glob.glob(os.path.join(ROOT, pattern), recursive=True))
    return [os.path.relpath(path, ROOT) for path in paths]


def has_objects(build, folder):
    """Whether each source file of the folder that ships is compiled."""
    names = [name for name in os.listdir(os.path.join(ROOT, folder)) if name.endswith(".cc")]
    return all(glob.glob(os.path.join(build, folder, "**", name + ".o"), recursive=True)
               for name in names if not TEST.search(os.path.join(folder, name)))


def defined_symbols(build):
    """Qualified names of functions in the objects of src/ and daemon/, with how many each has."""
    objects = [path for folder in ("src", "daemon")
               for path in glob.glob(os.path.join(build, folder, "**/*.o"), recursive=True)]
    symbols = subprocess.run(["nm", "--defined-only", "-A", *objects], capture_output=True, text=True).stdout
    mangled = {line.split()[-1] for line in symbols.splitlines() if re.search(r" [TtWwVu] ", line)}
    plain = subprocess.run(["c++filt"], input="\n".join(mangled), capture_output=True, text=True).stdout
    names = collections.Counter()
    for line in plain.splitlines():
        line = without_template_arguments(line.replace("(anonymous namespace)", "").replace("[abi:cxx11]", ""))
        found = re.match(r"(?:[^(]*\s)?([\w:~]+)\(", line)
        if found:
            names[found.group(1)] += 1
    return names, len(objects)


def find_undefined(build, all_declared):
    """Declared at least once more often than defined, in objects or behind its class in a header."""
    names, object_count = defined_symbols(build)
    if object_count == 0:
        print(f"skipped: {build} has no objects, so functions without a definition are not searched")
        return
    wanted = collections.defaultdict(list)
    for one in all_declared:
        if not one.is_defined and not one.is_exempt:
            wanted[f"{one.scope}::{one.name}"].append(one)
    headers = "\n".join(map(read_without_comments, {one.path for one in all_declared}))
    complete = functools.cache(functools.partial(has_objects, build))
    for qualified, list_ in wanted.items():
        one = list_[0]
        if len(list_) <= names[qualified] or not complete(os.path.dirname(one.path)):
            continue
        owner = one.scope.rsplit("::", 1)[-1]
        if not re.search(rf"\b{owner}::{one.name}\(|\binline [^;(]*\b{one.name}\(", headers):
            yield one, f"{qualified} is declared and defined nowhere"


def count_uses(paths):
    """How often each word occurs, but where a function begins."""
    uses = collections.Counter()
    for path in paths:
        for line in read_without_comments(path).splitlines():
            words = re.findall(r"\b\w+\b", line)
            # Formatted as it is, only a definition begins in the first column.
            if path.endswith(".cc") and line[:1] not in (" ", "", "#"):
                found = re.match(r"[^(]*?\b(\w+)\(", line)
                if found and found.group(1) in words:
                    words.remove(found.group(1))
            uses.update(words)
    return uses


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(ROOT, "build/asan"))
    parser.add_argument("--only-tests", action="store_true")
    options = parser.parse_args()
    paths = sources(*(f"{folder}/**/*.{kind}" for kind in ("h", "cc", "c")
                      for folder in ("src", "daemon", "include", "tests", "bench", "examples")))
    shipped = [path for path in paths if not TEST.search(path)]
    all_declared = [one for path in shipped if path.endswith(".h") and not path.startswith("include/")
                    for one in declarations(path)]
    places = collections.Counter(one.name for one in all_declared)
    in_programs = count_uses(shipped)
    in_tests = count_uses(path for path in paths if TEST.search(path))
    found = list(find_undefined(options.build, all_declared))
    for one in all_declared:
        if in_programs[one.name] > places[one.name] or one.name in BY_LANGUAGE:
            continue
        if in_tests[one.name] == 0:
            found.append((one, f"{one.name} is used nowhere"))
        elif options.only_tests:
            print(f"{one.path}:{one.line}: {one.name} is used by tests only")
    for one, what in sorted(found):
        print(f"{one.path}:{one.line}: {what}")
    print(f"unused: {len(all_declared)} functions, {len(found)} breaches")
    return 1 if found or not all_declared else 0


if __name__ == "__main__":
    sys.exit(main())
