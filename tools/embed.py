#!/usr/bin/env python3
"""Writes text files into a C++ source, so that the library needs no data directory.

usage: embed.py OUTPUT NAMESPACE FILE...

The source defines `extern const std::span<const brine::base::EmbeddedFile> NAMESPACE::files`
(declared in base/embedded.hpp), in the order given, each with its file name and its content.
"""
import pathlib
import sys

# Compilers need only accept literals of 64 KiB; longer files are split into adjacent ones.
PIECE = 8000


def literals(text: str) -> str:
    data = text.encode()
    pieces = [data[i : i + PIECE] for i in range(0, len(data), PIECE)] or [b""]
    return "\n".join('    "' + "".join(escape(b) for b in piece) + '"' for piece in pieces)


def escape(byte: int) -> str:
    if byte == 0x0A:
        return "\\n"
    if byte in (0x22, 0x5C):
        return "\\" + chr(byte)
    # Octal: it ends after three digits, where a hexadecimal escape would swallow what follows.
    return chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03o}"


def main(output: str, namespace: str, *files: str) -> None:
    rows = []
    for name in files:
        path = pathlib.Path(name)
        rows.append(f'    {{"{path.name}",\n{literals(path.read_text())}}},')
    pathlib.Path(output).write_text(
        '#include "base/embedded.hpp"\n\n'
        f"namespace {namespace} {{\nnamespace {{\n"
        "constexpr brine::base::EmbeddedFile all[] = {\n" + "\n".join(rows) + "\n};\n"
        "}  // namespace\n"
        "extern const std::span<const brine::base::EmbeddedFile> files;\n"
        "const std::span<const brine::base::EmbeddedFile> files{all};\n"
        f"}}  // namespace {namespace}\n"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
