#!/usr/bin/env python3
"""Holds who may include whom: rooms point downwards, faces see doors only, and every third-party
header stays in its room. First it plants violations and requires that each is found.

usage: test_layers.py SOURCE_ROOT
"""
import pathlib
import re
import sys
import tempfile

# What each room may include, besides itself and the doors. docs/design.md draws it.
GROUND = {"base"}
PICKLE = {"base", "pickle"}
ROOMS = {
    "base": set(),
    "io": GROUND,
    "digest": GROUND,
    "codec": GROUND,
    "value": GROUND,
    "pickle": {"base", "value"},
    "archive": PICKLE,
    "scan": PICKLE,
    "migrate": PICKLE,
    "tensor": PICKLE | {"value"},
    "pack": {"base", "io", "digest", "codec"},
    "catalog": GROUND,
}
ROOMS["store"] = set(ROOMS)
FACES = {"cli", "python", "examples"}

# Third-party headers and the only rooms and faces that see them.
THIRD_PARTY = [
    (r"zstd(_errors)?\.h|zdict\.h|zlib\.h|lzma\.h|lz4frame\.h|bzlib\.h", {"codec"}),
    (r"sqlite3\.h", {"catalog"}),
    (r"openssl/.*|xxhash\.h", {"digest"}),
    (r"toml\+\+/.*|toml\.hpp|toml\+\+\.h", {"migrate"}),
    (r"nlohmann/.*", {"store", "cli"}),
    (r"CLI/.*", {"cli"}),
    (r"pybind11/.*|Python\.h", {"python"}),
    (r"fmt/.*", set(ROOMS) | FACES),
]
SYSTEM = (r"(unistd|fcntl|poll|signal|spawn|dirent|termios|pthread|sched|stdio|stdlib)\.h"
          r"|(sys|linux)/.*")
SYSTEM_ROOMS = {"base", "io", "cli"}
STANDARD = r"[a-z_0-9]+"  # <vector>, <cstdint>: no suffix

INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')


def place_of(path):
    """`door`, the room, or the face that a file belongs to."""
    parts = path.parts
    if parts[:3] == ("lib", "include", "brine"):
        return "door"
    return parts[1] if parts[0] == "lib" else parts[0]


def judge_quoted(root, path, place, header):
    first = header.split("/")[0]
    if first == "brine":
        known = (root / "lib/include" / header).is_file()
        return None if known else f"there is no door {header}"
    if place == "door":
        return f"a door includes {header}; doors include doors and the standard library only"
    if place in FACES:
        own = (root / place / header).is_file() or (root / header).is_file() and first == place
        return None if own else f"{place}/ includes {header}; it sees doors and its own files only"
    if first not in ROOMS:
        return f"{header} names no room; write it as room/file.hpp"
    if first == place or first in ROOMS[place]:
        return None
    allowed = ", ".join(sorted(ROOMS[place])) or "nothing"
    return f"room {place} includes {header}; below it are: {allowed}"


def judge_angled(place, header):
    if place == "door":
        standard = re.fullmatch(STANDARD, header)
        return None if standard else f"a door includes <{header}>; users would need it too"
    for pattern, places in THIRD_PARTY:
        if re.fullmatch(pattern, header):
            if place in places:
                return None
            return f"{place} includes <{header}>, which belongs to: {', '.join(sorted(places))}"
    if re.fullmatch(SYSTEM, header):
        if place in SYSTEM_ROOMS:
            return None
        return f"{place} includes <{header}>; the system is reached through io, base and cli"
    if re.fullmatch(STANDARD, header):
        return None
    return f"<{header}> is in no list; give it a room in tests/lint/test_layers.py"


def own_header_problem(root, path, includes):
    """A source begins with its own header, so that the header is known to stand alone."""
    own = path.with_suffix(".hpp")
    if path.suffix != ".cpp" or path.parts[0] != "lib" or not (root / own).is_file():
        return None
    name = own.relative_to("lib").as_posix()
    if includes and includes[0][2] == name:
        return None
    return f"{path}:{includes[0][0] if includes else 1}: the first include must be {name}"


def problems_of(root):
    found = []
    for top in ("lib", *sorted(FACES)):
        for absolute in sorted((root / top).rglob("*.[ch]pp")):
            path = absolute.relative_to(root)
            place = place_of(path)
            if place not in ROOMS and place not in FACES and place != "door":
                found.append(f"{path}:1: {place} is no room; see docs/design.md")
                continue
            includes = []
            for number, line in enumerate(absolute.read_text().splitlines(), 1):
                if match := INCLUDE.match(line):
                    includes.append((number, *match.groups()))
            for number, quote, header in includes:
                why = (judge_quoted(root, path, place, header) if quote == '"'
                       else judge_angled(place, header))
                if why:
                    found.append(f"{path}:{number}: {why}")
            if problem := own_header_problem(root, path, includes):
                found.append(problem)
    return found


# path, content, and what must be said about it; an empty word: nothing.
PLANTED = [
    ("lib/include/brine/door.hpp", "#include <vector>\n", ""),
    ("lib/include/brine/leak.hpp", "#include <fmt/format.h>\n", "leak.hpp:1: a door includes <fmt"),
    ("lib/include/brine/deep.hpp", '#include "io/file.hpp"\n', "deep.hpp:1: a door includes io/"),
    ("lib/io/file.hpp", '#include "base/text.hpp"\n#include <fcntl.h>\n', ""),
    ("lib/base/up.hpp", '\n#include "io/file.hpp"\n', "up.hpp:2: room base includes io/file.hpp"),
    ("lib/codec/side.cpp", '#include "io/file.hpp"\n#include <zstd.h>\n', "side.cpp:1: room codec"),
    ("lib/scan/side.cpp", '#include "migrate/migrate.hpp"\n', "side.cpp:1: room scan"),
    ("lib/pack/zstd.cpp", "#include <zstd.h>\n", "zstd.cpp:1: pack includes <zstd.h>"),
    ("lib/store/sql.cpp", "#include <sqlite3.h>\n", "sql.cpp:1: store includes <sqlite3.h>"),
    ("lib/store/all.cpp", '#include "pack/pack.hpp"\n#include <nlohmann/json.hpp>\n', ""),
    ("lib/pickle/call.cpp", "#include <unistd.h>\n", "call.cpp:1: pickle includes <unistd.h>"),
    ("lib/digest/late.hpp", "\n", ""),
    ("lib/digest/late.cpp", "#include <array>\n", "late.cpp:1: the first include"),
    ("lib/attic/x.cpp", "\n", "x.cpp:1: attic is no room"),
    ("lib/tensor/new.cpp", "#include <curl/curl.h>\n", "new.cpp:1: <curl/curl.h> is in no list"),
    ("cli/main.cpp", '#include "brine/door.hpp"\n#include "cli/own.hpp"\n', ""),
    ("cli/own.hpp", "#include <CLI/CLI.hpp>\n", ""),
    ("cli/deep.cpp", '#include "store/store.hpp"\n', "deep.cpp:1: cli/ includes store/store.hpp"),
    ("cli/gone.cpp", '#include "brine/gone.hpp"\n', "gone.cpp:1: there is no door brine/gone.hpp"),
    ("python/_brine.cpp", "#include <pybind11/pybind11.h>\n", ""),
    ("python/zlib.cpp", "#include <zlib.h>\n", "zlib.cpp:1: python includes <zlib.h>"),
]


def check_self():
    with tempfile.TemporaryDirectory() as directory:
        root = pathlib.Path(directory)
        for name, content, _ in PLANTED:
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        found = problems_of(root)
    missed = [words for _, _, words in PLANTED if words and not any(words in f for f in found)]
    expected = sum(1 for _, _, words in PLANTED if words)
    if missed or len(found) != expected:
        sys.exit(f"the lint itself is broken: missed {missed}, found\n  " + "\n  ".join(found))


def main(root):
    check_self()
    found = problems_of(pathlib.Path(root))
    print("\n".join(found) or "every include points downwards")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
