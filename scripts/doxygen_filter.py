#!/usr/bin/env python3
"""Converts a public header for Doxygen: the repository's plain `//` comments become `///` before and
`///<` behind the declarations that they describe. Doxyfile's FILTER_PATTERNS.

Doxygen also gets the comments that a reader of the header infers:
- a comment before a group of declarations describes all of them, up to an empty line or the next one;
- the comment at the top of a header describes the classes in it that have none of their own;
- fields need no comment where that of their structure refers to OTLP ("as in OTLP", "OTLP's");
- operators that compare need none: they compare everything.
All other declarations without a comment stay without one, and Doxygen reports them.

The number of lines is unchanged, so that positions in messages are right, except for one line at the
top: it marks the first comment as the file's, so that Doxygen documents declarations outside of a
namespace."""
import re
import sys

COMMENT = re.compile(r"^(\s*)// ?(.*)$")
BEHIND = re.compile(r'^((?:[^"/]|"(?:[^"\\]|\\.)*"|/(?!/))*\S\s*)//( .*)$')
SILENT = re.compile(r"// (NOLINT|-{10})")
COMPOUND = re.compile(r"(typedef )?(class|struct|union|enum|MILLRACE_ENUM)\b")
SPECIFIED = re.compile(r"[Ff]ields have the meaning of (OTLP|opentelemetry)|[Aa]s in OTLP|OTLP's")


def scope_of(declaration):
    """The kind of scope that a brace after that text opens."""
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
        self.group = ""            # the current comment
        self.fresh = False         # the line before was a comment
        self.declaration = ""      # since the last one ended
        self.scopes = []           # (kind, the comment of its fields)
        self.blocks = []

    def document(self, line, following):
        """Returns the line with the comment that describes it already, if it begins a declaration."""
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
