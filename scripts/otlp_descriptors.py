#!/usr/bin/env python3
"""usage: otlp_descriptors.py WHEEL OUTPUT
Collects the serialized file descriptors that protoc's Python code carries as literals into one
FileDescriptorSet. Reads the code as a syntax tree and does not run it."""
import ast
import sys
import zipfile


def varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def descriptors(wheel):
    with zipfile.ZipFile(wheel) as archive:
        for name in sorted(archive.namelist()):
            if not name.endswith("_pb2.py"):
                continue
            for node in ast.walk(ast.parse(archive.read(name))):
                if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "AddSerializedFile":
                    yield node.args[0].value


if __name__ == "__main__":
    found = list(descriptors(sys.argv[1]))
    if not found:
        sys.exit("no descriptors in " + sys.argv[1])
    with open(sys.argv[2], "wb") as output:
        for descriptor in found:
            output.write(b"\x0a" + varint(len(descriptor)) + descriptor)
