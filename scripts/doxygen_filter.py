#!/usr/bin/env python3
"""Doxygen's view of a public header: the comments of this repository are plain `//`; here they
become `///` before and `///<` behind what they describe. Doxyfile's FILTER_PATTERNS.

What a reader of the header takes for granted is said to Doxygen as well:
- a comment before a group of declarations speaks for all of them, up to an empty line or the next;
- the comment that opens a header speaks for the classes in it that have none of their own;
- where a comment says that the meaning of each field is a specification's, it does;
- what compares, compares everything.
Everything else without a comment stays without one, and Doxygen complains.

Lines are not added or taken away, so that places stay true, but for one at the top: it says that the
comment which follows is the file's, without which Doxygen leaves out what is in no namespace."""
import re
import sys

COMMENT = re.compile(r"^(\s*)// ?(.*)$")
BEHIND = re.compile(r'^((?:[^"/]|"(?:[^"\\]|\\.)*"|/(?!/))*\S\s*)//( .*)$')
SILENT = re.compile(r"// (NOLINT|-{10})")
COMPOUND = re.compile(r"(typedef )?(class|struct|union|enum|MILLRACE_ENUM)\b")
SPECIFIED = re.compile(r"((T|t)he meaning (of each field )?|What it means )is (OTLP|opentelemetry)|As in (OTLP)|on the (wire)")


def scope_of(declaration):
    """What a brace behind that text opens."""
    declaration = re.sub(r"template <[^>]*>", "", declaration)
    if re.search(r"\bnamespace\b|extern \"C\"", declaration):
        return "namespace"
    if re.search(r"\benum\b|MILLRACE_ENUM", declaration):
        return "enum"
    if re.search(r"\b(class|struct|union)\b", declaration) and "(" not in re.sub(
            r"__attribute__\(.*?\)\)|requires\(.*\)", "", declaration):
        return "class"
    return "body"


class Filter:
    def __init__(self):
        self.opening = ""          # the first comment of the file
        self.group = ""            # the comment in force
        self.fresh = False         # the line before was a comment
        self.declaration = ""      # since the last one ended
        self.scopes = []           # (kind, whose fields a specification explains)
        self.blocks = []

    def document(self, line, following):
        """The line with the comment that already speaks for it, if it begins a declaration."""
        head = following if line.startswith("template") else line
        compound = COMPOUND.match(head.strip()) and "{" in head
        text = ""
        if "operator==" in line:
            text = "Whether everything is equal."
        elif self.group:
            text = self.group
        elif compound and (not self.scopes or self.scopes[-1][0] == "namespace"):
            text = self.opening
        elif self.scopes and self.scopes[-1][1]:
            text = self.scopes[-1][1]
        if not text:
            return line
        indent = len(line) - len(line.lstrip())
        return f"{line[:indent]}/** {text} */ {line[indent:]}"

    def follow(self, code):
        """Keeps track of declarations and scopes through one line of code."""
        for character in re.sub(r'"(?:[^"\\]|\\.)*"', '""', code):
            if character == "{":
                kind = scope_of(self.declaration)
                found = SPECIFIED.search(self.group or (self.opening if kind == "class" else ""))
                self.scopes.append((kind, "As in OTLP." if found else ""))
                self.declaration = ""
                self.group = "" if kind != "body" else self.group
            elif character == "}":
                if self.scopes:
                    self.scopes.pop()
                self.declaration = ""
            elif character == ";" or (character == "," and self.scopes and
                                      self.scopes[-1][0] == "enum"):
                self.declaration = ""
            else:
                self.declaration += character
        self.declaration = self.declaration.strip() and self.declaration + " "

    def convert(self, line, following):
        bare = line.rstrip("\n")
        if SILENT.search(bare) and COMMENT.match(bare):
            return "\n"
        whole = COMMENT.match(bare)
        if whole:
            text = whole.group(2).strip()
            if not self.fresh:
                self.group = ""
            self.group = (self.group + " " + text).strip()
            self.fresh = True
            if self.opening is None or not self.blocks:
                self.opening = self.group
            return f"{whole.group(1)}/// {text}\n"
        if not bare.strip():
            if self.fresh or not self.blocks:
                self.blocks.append(self.group)
            self.group, self.fresh = "", False
            return line
        self.blocks = self.blocks or [self.group]
        behind = BEHIND.match(bare)
        code = behind.group(1) if behind else bare
        out = f"{code}///<{behind.group(2)}\n" if behind else line
        readable = not self.scopes or self.scopes[-1][0] != "body"
        begins = readable and not self.declaration and not re.match(
            r"\s*([}#)]|public:|private:|protected:|MILLRACE_NAMESPACE|MILLRACE_C_(BEGIN|END)|namespace|extern|friend (class|struct)|else)",
            code)
        if begins and not self.fresh and not behind:
            out = self.document(out, following)
        if not code.lstrip().startswith(("#", "MILLRACE_NAMESPACE", "MILLRACE_C_")):
            self.follow(code)
        self.fresh = False
        return out


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as source:
        view, lines = Filter(), source.readlines()
        sys.stdout.write("/// @file\n")
        sys.stdout.writelines([view.convert(line, following)
                               for line, following in zip(lines, lines[1:] + [""])])
