"""A mutant as a switch: one line that holds the original and the changed form and chooses at run time.

So all mutants of a component are compiled and linked once, and each costs a run of the tests. Where the line's
grammar is not simple enough (a continued line, a declaration without `=`, a constant expression), the mutant is
compiled by itself."""
import re

from mutants import blanked, condition_end

# The number of the chosen mutant is read once. `#line` keeps the numbers of lines as they are.
PRELUDE = """#ifndef MILLRACE_MUTANT_SWITCH
#define MILLRACE_MUTANT_SWITCH
#include <cstdlib>
inline bool millrace_mutant_is(int number) {
  static const int chosen = std::getenv("MILLRACE_MUTANT") ? std::atoi(std::getenv("MILLRACE_MUTANT")) : 0;
  return chosen == number;
}
#endif
#line 1
"""
LITERAL = re.compile(r"(?<![\w.'])\d+(?![\w.'xX])|\b(?:true|false)\b")
DECLARATION = re.compile(r"\s*(?:static |const |inline )*(?!return\b|else\b|delete\b|throw\b)"
                         r"[A-Za-z_][\w:]*(?:<.*?>)?(?: const)?[ *&]+\w+ = (?=[^{])")
OTHER_DECLARATION = re.compile(r"\s*(?:static |const |inline )*(?!return\b|else\b|delete\b|throw\b)"
                               r"[A-Za-z_][\w:]*(?:<.*>)?(?: const)?[ *&]+\w+(?:[({\[].*)?;$|\s*(?:auto|const auto&?&?) \[")
CONDITION = re.compile(r"\s*(?:\} )?(?:else )?(?:if|while) (\()")
LOOP = re.compile(r"\s*for (\()")


def common_ends(before, after):
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    return start, end


def literal(before, after, bare, test):
    start, _ = common_ends(before, after)
    for found in LITERAL.finditer(bare):
        changed = LITERAL.match(after, found.start())
        if found.start() <= start < found.end() and changed:
            return (before[:found.start()] + f"({test} ? {changed.group(0)} : {found.group(0)})" +
                    before[found.end():])
    return None


def statement(before, after, bare, test):
    """A whole statement in both forms."""
    bare = bare.rstrip()
    if not bare.endswith(";") or bare.count("(") != bare.count(")") or bare.count("{") != bare.count("}"):
        return None
    declared = DECLARATION.match(bare)
    if declared:
        start, _ = common_ends(before, after)
        if start < declared.end():
            return None
        cut = declared.end()
        value, changed = before[cut:].rstrip().rstrip(";"), after[cut:].rstrip().rstrip(";")
        return before[:cut] + f"{test} ? ({changed}) : ({value});"
    if OTHER_DECLARATION.match(bare):
        return None
    if bare.lstrip().startswith("return"):
        return f"{{ if ({test}) {{ {after.strip()} }} {before.strip()} }}"
    return f"{{ if ({test}) {{ {after.strip()} }} else {{ {before.strip()} }} }}"


def condition(before, after, bare, test):
    """`if`, `while` and `for` with all of their head in the line."""
    found = CONDITION.match(bare)
    if found:
        open_, close = found.start(1), condition_end(bare, found.start(1))
        if close is None:
            return None
        start, end = common_ends(before, after)
        inside = before[open_ + 1:close]
        if len(before) - end <= close:
            changed = after[open_ + 1:len(after) - (len(before) - close)]
            if ";" in bare[open_:close] or re.search(r"[^=!<>]=[^=]", bare[open_:close]):
                return None
            return (before[:open_] + f"({test} ? static_cast<bool>({changed}) : static_cast<bool>({inside})" +
                    before[close:])
        if start <= close:
            return None
        rest = statement(before[close + 1:], after[close + 1:], bare[close + 1:], test)
        return before[:close + 1] + " " + rest if rest else None
    found = LOOP.match(bare)
    if found and bare.count(";") == 2:
        first, second = bare.index(";"), bare.rindex(";")
        close = condition_end(bare, found.start(1))
        start, end = common_ends(before, after)
        grown = len(after) - len(before)
        if close is None:
            return None
        if start > first and len(before) - end <= second:
            inside, changed = before[first + 1:second], after[first + 1:second + grown]
            return before[:first + 1] + f" {test} ? ({changed}) : ({inside})" + before[second:]
        if start > second and len(before) - end <= close:
            inside, changed = before[second + 1:close], after[second + 1:close + grown]
            return before[:second + 1] + f" {test} ? void({changed}) : void({inside})" + before[close:]
    return None


def starts_statement(bare_lines, line):
    """Whether nothing is continued in the line (counted from 1)."""
    for bare in reversed(bare_lines[:line - 1]):
        if bare.strip():
            return bare.rstrip()[-1] in ";{}:"
    return True


def switched(text, mutant, number):
    """The line with both forms, or None."""
    bare_lines = blanked(text).splitlines()
    bare = bare_lines[mutant.line - 1]
    test = f"millrace_mutant_is({number})"
    if "constexpr" in bare or "noexcept(" in bare:
        return None
    if mutant.kind == "constant":
        return literal(mutant.before, mutant.after, bare, test)
    if not starts_statement(bare_lines, mutant.line):
        return None
    return condition(mutant.before, mutant.after, bare, test) or statement(mutant.before, mutant.after, bare, test)
