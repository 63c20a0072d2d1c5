#!/usr/bin/env python3
"""Holds the documentation against the repository. Links lead to files and headings that exist; no cell of a table is a
paragraph; every command, test program, filter of tests, case and file that docs/status.md names exists. Prints one
line for each breach and exits 1."""
import fnmatch
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CELL_MAX = 240  # characters of one cell as a person sees it
SKIPPED_FOLDERS = {".git", "build", "node_modules"}


def markdown_files():
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in SKIPPED_FOLDERS]
        for name in sorted(names):
            if name.endswith(".md"):
                yield os.path.join(folder, name)


def lines_of(path):
    """(number, line) outside of code blocks."""
    in_code = False
    with open(path, encoding="utf-8") as text:
        for number, line in enumerate(text, 1):
            if line.startswith("```"):
                in_code = not in_code
            elif not in_code:
                yield number, line.rstrip("\n")


def anchor(heading):
    text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").replace("*", "").lower()
    return re.sub(r"[^\w\- ]", "", text).strip().replace(" ", "-")


def anchors_of(path):
    return {anchor(line.lstrip("#").strip()) for _, line in lines_of(path) if re.match(r"#+ ", line)}


def check_links(path):
    for number, line in lines_of(path):
        for target in re.findall(r"\]\(([^)\s]+)\)", line):
            if re.match(r"[a-z]+:", target):
                continue
            file, _, wanted = target.partition("#")
            there = os.path.normpath(os.path.join(os.path.dirname(path), file)) if file else path
            if not os.path.exists(there):
                yield number, f"links to {target}, which does not exist"
            elif wanted and there.endswith(".md") and wanted not in anchors_of(there):
                yield number, f"links to {target}, which has no such heading"


def cells(line):
    """Of one row of a table, as they are shown."""
    shown = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", line.strip().strip("|"))
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", shown)]


def check_tables(path):
    for number, line in lines_of(path):
        if not line.startswith("|"):
            continue
        for cell in cells(line):
            if len(cell) > CELL_MAX:
                yield number, f"a cell of {len(cell)} characters; {CELL_MAX} at most, the rest belongs below the table"


def tracked(*patterns):
    done = subprocess.run(["git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
                          capture_output=True, text=True, check=True)
    return [os.path.join(ROOT, name) for name in done.stdout.splitlines()]


def read(path):
    with open(path, encoding="utf-8", errors="replace") as text:
        return text.read()


class Repository:
    """What a command of the documentation may name."""

    def __init__(self):
        makefiles = "".join(read(path) for path in tracked("*CMakeLists.txt"))
        self.programs = {f"{name}_test" for name in re.findall(r"millrace_component\(NAME (\w+)", makefiles)}
        self.programs |= set(re.findall(r"add_executable\(([\w-]+)", makefiles))
        self.programs |= {os.path.basename(path)[:-3] for path in tracked("*_fuzz.cc", "*_bench.cc")}
        self.programs |= set(re.findall(r"OUTPUT_NAME ([\w-]+)", makefiles))
        sources = "".join(read(path) for path in tracked("*_test.cc", "*_fuzz.cc"))
        self.tests = {f"{suite}.{name}" for suite, name in
                      re.findall(r"\bTEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\s*\)", sources)}
        sys.path[:0] = [os.path.join(ROOT, "tests/e2e")]
        import run  # noqa: PLC0415  # pylint: disable=import-outside-toplevel
        self.cases = [name for name, _ in run.cases()]

    def breaches(self, command):
        """What of one command does not exist."""
        words = command.split()
        program = words[0]
        if "/" in program:
            if program.startswith("build/"):
                if os.path.basename(program) not in self.programs:
                    yield f"no program {program}"
            elif not os.path.exists(os.path.join(ROOT, program)):
                yield f"no file {program}"
        elif re.fullmatch(r"\w+_(test|fuzz|bench)", program) and program not in self.programs:
            yield f"no program {program}"
        for pattern in re.findall(r"--gtest_filter=(\S+)", command):
            for each in pattern.strip("'").split(":"):
                if not fnmatch.filter(self.tests, each if "." in each else each + ".*" if "*" not in each else each):
                    yield f"no test {each}"


def check_status(path, repository):
    for number, line in lines_of(path):
        columns = cells(line) if line.startswith("|") else []
        if len(columns) < 2 or columns[1].startswith(("-", "shown by")):
            continue
        if not columns[1]:
            yield number, "says nothing about what shows it"
        for part in columns[1].split(";"):
            spans = re.findall(r"`([^`]+)`", part)
            if part.strip().startswith("e2e"):
                for word in spans:
                    if not any(word in name for name in repository.cases):
                        yield number, f"no case of tests/e2e/run.py has \"{word}\" in its name"
                continue
            for command in spans:
                for breach in repository.breaches(command):
                    yield number, breach


def main():
    count, breaches = 0, []
    status = os.path.join(ROOT, "docs/status.md")
    for path in markdown_files():
        count += 1
        checks = [check_links(path), check_tables(path)]
        if path == status:
            checks.append(check_status(path, Repository()))
        for check in checks:
            breaches += [f"{os.path.relpath(path, ROOT)}:{number}: {what}" for number, what in check]
    for line in breaches:
        print(line)
    print(f"{count} pages of documentation, {len(breaches)} breaches")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
