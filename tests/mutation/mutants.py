"""Mutants: one line of a source file with one comparison, condition, return, increment or constant changed."""
import collections
import re

Mutant = collections.namedtuple("Mutant", "path line kind before after")

COMPARISONS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
# Formatted as the source is, a binary operator has spaces around it and a template argument list has none.
COMPARISON = re.compile(r"(?<= )(<=|>=|==|!=|<|>)(?= )")
INCREMENT = re.compile(r"\+\+|--|(?<= )(?:\+=|-=)(?= )|(?<=[\w)\]] )[+-](?= [\w(*])")
CHANGED_STEP = {"++": "--", "--": "++", "+=": "-=", "-=": "+=", "+": "-", "-": "+"}
CONSTANT = re.compile(r"(?<![\w.'])\d+(?![\w.'xX])")
LOGICAL = re.compile(r"(?<= )(&&|\|\|)(?= |$)")
TRUTH = re.compile(r"\b(true|false)\b")
RETURN = re.compile(r"\breturn ([^;]+);")
# `return {}` would be the same: an object without arguments, and names of first enumerators.
EMPTY_VALUE = re.compile(r"\{\}|nullptr|0|0u|0\.0|std::nullopt|[\w:]+(?:<[^()]*>)?(?:\(\)|\{\})|\w*_OK|[\w:]*::kNone")
# Lines that decide nothing at run time (names of allocations are checked in tests only), or that stop the process when they are wrong.
LEFT_ALONE = re.compile(r"^\s*(?:#|//|\*|using |namespace |template|static_assert|public:|private:|MILLRACE_CHECK"
                        r"|friend |typedef |case |enum |struct |class |virtual |const AllocationName |\{|\}(?! else if))|= delete;|= default;|\w+&& \w")


def blanked(text):
    """The text with comments and strings blanked, of the same length."""
    pattern = r'//[^\n]*|/\*.*?\*/|R"\w*\(.*?\)\w*"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\''
    return re.sub(pattern, lambda found: re.sub(r"[^\n]", " ", found.group(0)), text, flags=re.S)


def condition_end(line, start):
    """Where the parenthesis that opens at `start` closes, or None."""
    depth = 0
    for position in range(start, len(line)):
        depth += {"(": 1, ")": -1}.get(line[position], 0)
        if depth == 0:
            return position
    return None


def changes(line, bare):
    """Every (kind, changed line)."""
    def replaced(found, text, group=0):
        return line[:found.start(group)] + text + line[found.end(group):]

    for found in COMPARISON.finditer(bare):
        yield "comparison", replaced(found, COMPARISONS[found.group(1)])
    for found in LOGICAL.finditer(bare):
        yield "condition", replaced(found, "||" if found.group(1) == "&&" else "&&")
    for found in re.finditer(r"\b(?:if|while) (\()", bare):
        end = condition_end(bare, found.start(1))
        inside = bare[found.end(1):end] if end is not None else ";"
        if ";" not in inside:
            yield "condition", (line[:found.end(1)] + "!(" + line[found.end(1):end] + ")" + line[end:])
    for found in RETURN.finditer(bare):
        value = found.group(1).strip()
        if value in ("true", "false"):
            yield "return", replaced(found, f"return {'false' if value == 'true' else 'true'};")
        elif not EMPTY_VALUE.fullmatch(value):
            yield "return", replaced(found, "return {};")
    for found in INCREMENT.finditer(bare):
        yield "increment", replaced(found, CHANGED_STEP[found.group(0)])
    if "return" not in bare:
        for found in TRUTH.finditer(bare):
            yield "constant", replaced(found, "false" if found.group(1) == "true" else "true")
    for found in CONSTANT.finditer(bare):
        yield "constant", replaced(found, str(int(found.group(0)) + 1))


def mutants_of(path, text):
    lines, bare_lines = text.splitlines(), blanked(text).splitlines()
    for number, (line, bare) in enumerate(zip(lines, bare_lines), 1):
        if not bare.strip() or LEFT_ALONE.search(bare):
            continue
        for kind, changed in changes(line, bare):
            yield Mutant(path, number, kind, line, changed)
