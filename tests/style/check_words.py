#!/usr/bin/env python3
"""Checks the words of comments, docstrings and READMEs: things have names, so a pronoun for persons
("who", "nobody") is a breach, as are the inversions and metaphors listed in PATTERNS. Plain technical
English is subject, verb, object, and the parameter by its name.

    tests/style/check_words.py [ROOT]

Exits 1 with one line per breach."""
import itertools
import os
import re
import sys

FOLDERS = ("bench", "bindings", "cmake", "daemon", "docs", "examples", "fuzz", "include", "packaging", "scripts", "src",
           "tests")
# Not our own words: configurations and messages that tests expect, corpora, this list.
SKIPPED = ("tests/golden", "tests/style", "tests/e2e/javascript", "bench/grpc_go")
PATTERNS = (
    # pattern, what to write instead
    (r"\b(?:who|whom|whoever)\b", "name the thing: the caller, the sender, the object"),
    (r"\b(?:nobody|somebody|anybody|everybody|everyone|anyone)\b", "name the thing: no caller, another thread"),
    (r"\bone's own\b", "the program's own"),
    (r"^(?:Of|What|Whatever|Whose) (?:a|an|the|it|is|was|has|that|this|each|all|they|there)\b",
     "subject, verb, object"),
    (r"\b[Ww]hat (?:comes|came|lies|lay|stands|stood|waits|waited|goes|went|is left)\b", "name the thing"),
    (r"^One of (?:those|them|these)\b", "name the element"),
    (r"\b(?:is|are|was|were|be|been) told\b", "is notified, is reported, receives"),
    (r"\b(?:goes?|comes?|going|went) home\b", "returns to the pool"),
    (r"\b(?:at|behind|through|past) the door\b|\bthe door (?:lets|takes|admits|wants)\b", "admission, admitted"),
    (r"\btak(?:es?|en|ing) note\b", "records, stores"),
    (r"\bspok(?:e|en) (?:of|to)\b", "described, addressed"),
)
# Names: the user that a service runs as.
NAMES = re.compile(r"\b(?:the user|as) nobody\b")
# String and character literals up to the comment, which begins at the first marker outside of them.
COMMENT = {
    "//": re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\[^\']+|[^\'\\])\'|(//[/!]?<? ?|/\*+ ?)'),
    "#": re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|((?:^|(?<=\s))#(?!!) ?)'),
}
QUOTED = re.compile(r'"[^"]*"|`[^`]*`')


def comment_of(line, marker):
    """Returns (text of the comment or None, whether the line holds nothing else)."""
    for token in COMMENT[marker].finditer(line):
        if token.group(1) is not None:
            return QUOTED.sub('""', line[token.end():]), not line[:token.start()].strip()
    return None, False


def comments_of_cpp(lines):
    inside = False
    for number, line in enumerate(lines, 1):
        text, is_whole_line = comment_of(line, "//")
        if inside or text is not None:
            yield number, line.strip(" */") if inside else text, inside or is_whole_line
        inside = (inside or (text is not None and "/*" in line)) and "*/" not in line


def comments_of_script(lines, has_docstrings):
    inside = False
    for number, line in enumerate(lines, 1):
        quotes = line.count('"""') if has_docstrings else 0
        if inside or quotes:
            yield number, QUOTED.sub('""', line.replace('"""', "").strip()), True
        else:
            text, is_whole_line = comment_of(line, "#")
            if text is not None:
                yield number, text, is_whole_line
        if quotes % 2:
            inside = not inside


def comments_of_text(lines):
    inside = False
    for number, line in enumerate(lines, 1):
        if line.startswith("```"):
            inside = not inside
        elif not inside and not line.startswith("    "):
            yield number, QUOTED.sub('""', line), True


def comments(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        lines = file.read().splitlines()
    if path.endswith((".h", ".cc", ".c")):
        return comments_of_cpp(lines)
    if path.endswith(".md"):
        return comments_of_text(lines)
    return comments_of_script(lines, path.endswith(".py"))


def is_read(name):
    return name.endswith((".h", ".cc", ".c", ".py", ".sh", ".md", ".cmake", ".service")) or name == "CMakeLists.txt"


def breaches_of(path):
    begins_sentence = True
    for number, text, is_whole_line in comments(path):
        begins = begins_sentence or not is_whole_line
        for pattern, instead in PATTERNS:
            if pattern.startswith("^") and not begins:
                continue
            found = re.search(pattern, text, re.IGNORECASE if not pattern.startswith("^") else 0)
            if found and not NAMES.search(text):
                yield f"{number}: \"{found.group(0)}\" in a comment; write: {instead}"
        # Patterns with ^ apply to the first words of a sentence only.
        begins_sentence = not text.strip() or text.rstrip().endswith((".", ":", ";"))


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else "."
    files, found = 0, []
    tops = [os.path.join(root, folder) for folder in FOLDERS]
    top_files = [name for name in os.listdir(root) if name.endswith(".md")]
    for folder, folders, names in itertools.chain([(root, [], top_files)], *map(os.walk, tops)):
        relative = os.path.relpath(folder, root)
        if relative.startswith(SKIPPED):
            folders[:] = []
            continue
        folders[:] = sorted(f for f in folders if f not in ("build", "node_modules", "__pycache__"))
        for name in sorted(filter(is_read, names)):
            files += 1
            path = os.path.normpath(os.path.join(relative, name))
            found += [f"{path}:{breach}" for breach in breaches_of(os.path.join(root, path))]
    for line in found:
        print(line)
    print(f"words: {files} files, {len(found)} breaches")
    sys.exit(1 if found or files == 0 else 0)


if __name__ == "__main__":
    main()
