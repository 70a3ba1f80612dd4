#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Plants violations in a copy of the tree and expects each check to find them; a check that finds nothing proves
nothing. Plants are new files, so that they do not depend on what the tree's own files hold."""
import argparse
import dataclasses
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HEADER = "// SPDX-License-Identifier: MIT\n#pragma once\n"


@dataclasses.dataclass
class Plant:
    """Files to write, and what the check must then say."""
    files: dict[str, str]
    expected: str
    extra: tuple[str, ...] = ()


def header(path: str, *lines: str) -> dict[str, str]:
    return {f"include/duet/{path}": HEADER + "\n".join(lines) + "\n"}


def include_plants() -> list[Plant]:
    plants = []
    for room, path, name, expected in (
        ("words", "planted.hpp", "<asio.hpp>", "words must not see Asio"),
        ("words", "planted.hpp", "<sys/socket.h>", "words must not include a system header"),
        ("words", "planted.hpp", '"duet/os/unique_fd.hpp"', "words must not see os"),
        ("words", "planted.hpp", "<fmt/core.h>", "the library must not see fmt"),
        ("words", "planted.hpp", "<CLI/CLI.hpp>", "the library must not see CLI"),
        ("words", "planted.hpp", "<nlohmann/json.hpp>", "the library must not see nlohmann"),
        ("policy", "policy/planted.hpp", '"duet/os/unique_fd.hpp"', "policy must not see os"),
        ("policy", "policy/planted.hpp", "<unistd.h>", "policy must not include a system header"),
        ("os", "os/planted.hpp", '"duet/on_posix/loop.hpp"', "os must not see on_posix"),
        ("os", "os/planted.hpp", "<asio.hpp>", "os must not see Asio"),
        ("on_posix", "on_posix/planted.hpp", "<asio/buffer.hpp>", "on_posix must not see Asio"),
        ("on_posix", "on_posix/planted.hpp", '"duet/on_asio/planted_too.hpp"',
         "on_posix must not see on_asio"),
        ("on_asio", "on_asio/planted.hpp", '"duet/on_posix/loop.hpp"', "on_asio must not see on_posix"),
        ("on_asio", "on_asio/planted.hpp", "<arpa/inet.h>", "on_asio must not include a system header"),
    ):
        files = header(path, f"#include {name}") | header("on_asio/planted_too.hpp")
        plants.append(Plant(files, f"include/duet/{path}: {expected}",
                            ("--only", f"include/duet/{path}")))
    # Not directly: through a private header of its own room.
    plants.append(Plant(
        header("planted.hpp", '#include "duet/detail/planted_too.hpp"')
        | header("detail/planted_too.hpp", "#include <asio.hpp>"),
        "include/duet/planted.hpp: words must not see Asio", ("--only", "include/duet/planted.hpp")))
    plants.append(Plant({"src/on_posix/planted.cpp": "#include <asio.hpp>\n"},
                        "src/on_posix/planted.cpp: on_posix must not see Asio",
                        ("--only", "src/on_posix/planted.cpp")))
    plants.append(Plant(header("planted.hpp", "#include <no_such_header>"),
                        "its dependencies cannot be had", ("--only", "include/duet/planted.hpp")))
    return plants


def header_plants() -> list[Plant]:
    only = ("--only", "include/duet/planted.hpp")
    expected = "include/duet/planted.hpp: does not compile alone"
    return [
        Plant(header("planted.hpp", "inline std::string planted() { return {}; }"), expected, only),
        Plant(header("planted.hpp", "inline int planted(long x) { return x; }"), expected, only),
        Plant({"include/duet/planted.hpp": "// SPDX-License-Identifier: MIT\nstruct planted {};\n"},
              expected, only),
    ]


def embedder_plants() -> list[Plant]:
    only = ("--only", "include/duet/planted.hpp")
    expected = "the public headers do not compile without a warning"
    return [
        Plant(header("planted.hpp", "struct planted_it { virtual void f() {} };", "inline int planted(int x) { return x; }",
                     "inline bool planted_is(double x) { return x == 1.0; }"), expected, only),
        Plant(header("planted.hpp", "#if __cplusplus > 202002L", "inline int planted(long x) { return x; }", "#endif"), expected, only),
    ]


def spdx_plants() -> list[Plant]:
    return [
        Plant({"include/duet/planted.hpp": "#pragma once\n"}, "include/duet/planted.hpp: no"),
        Plant({"tools/planted": "#!/bin/sh\necho\n"}, "tools/planted: no"),
    ]


def seam_plants() -> list[Plant]:
    return [
        Plant({"src/on_posix/planted.cpp": "void f(int fd) { ::close(fd); }\n"},
              "src/on_posix/planted.cpp:1: close is called past os/sys"),
        Plant({"src/os/planted.cpp": "int f(int fd) { return epoll_wait(fd, nullptr, 1, 0); }\n"},
              "src/os/planted.cpp:1: epoll_wait is called past os/sys"),
        Plant(header("on_asio/planted.hpp", "inline void f(int fd) { ::shutdown(fd, 2); }"),
              "include/duet/on_asio/planted.hpp:3: shutdown is called past os/sys"),
    ]


def source_plants() -> list[Plant]:
    return [Plant({"src/os/planted.cpp": "int planted;\n"}, "src/os/planted.cpp: in no target's list",
                  ("--built", "address.cpp"))]


def using_plants() -> list[Plant]:
    return [
        Plant({"src/planted.cpp": "#include <string>\nusing std::string;\nstd::string planted;  // a string\n"},
              "src/planted.cpp:2: string is declared and not used"),
        Plant({"src/planted.cpp": "namespace planted = std::chrono;\n"}, "src/planted.cpp:1: planted is declared and not used"),
        Plant({"src/planted.cpp": "const char* f() {\n  using std::size;\n  return \"size\";\n}\n"},
              "src/planted.cpp:2: size is declared and not used"),
        Plant({"src/planted.cpp": "using std::swap;\nvoid f(planted& p) { p.swap(); }\n"}, "src/planted.cpp:1: swap is declared and not used"),
    ]


def parity_plants() -> list[Plant]:
    case = 'TEST_CASE_TEMPLATE("planted: it", Backend, {0}) {{ {1} }}\n'

    def conformance(text: str, expected: str) -> Plant:
        return Plant({"tests/conformance/planted.cpp": text}, expected)

    def cases(expected: str, *names: str) -> Plant:
        return Plant({"cases.txt": "\n".join(names) + "\n"}, expected, ("--cases", "cases.txt"))

    in_order = "class planted {\n public:\n  void first();\n  void second();\n};\n"
    reversed_ = "class planted {\n public:\n  void second();\n  void first();\n};\n"
    return [
        Plant(header("on_posix/planted.hpp"), "planted.hpp: no include/duet/on_asio/planted.hpp"),
        Plant(header("on_asio/planted.hpp"), "planted.hpp: no include/duet/on_posix/planted.hpp"),
        Plant(header("on_asio/planted.hpp", in_order) | header("on_posix/planted.hpp", reversed_),
              "members in another order: on_asio has first where on_posix has second"),
        conformance(case.format("DUET_BACKENDS", "if constexpr (sizeof(Backend) == 1) {}"),
                    "planted.cpp:1: if constexpr"),
        conformance('TEST_CASE("planted: alone") {}\n', "a case for no backend"),
        conformance(case.format("duet::on_posix::backend", ""), "planted.cpp:1: stamped for"),
        conformance(case.format("DUET_BACKENDS", "duet::on_asio::loop l;"), "names one column"),
        conformance(case.format("DUET_BACKENDS", "if (Backend::name.empty()) {}"),
                    "asks which backend it is"),
        cases("planted: b<posix>: no such case for asio",
              "planted: a<asio>", "planted: a<posix>", "planted: b<posix>"),
        cases("planted: a<asio/tcp>: no such case for posix",
              "planted: a<asio/tcp>", "planted: a<asio/unix>", "planted: a<posix/unix>"),
        cases("no stamped case in the list", "planted: a"),
    ]


CHECKS = {
    "includes": ("tests/checks/check_includes.py", include_plants, True),
    "headers": ("tests/checks/check_headers.py", header_plants, True),
    "embedders": ("tests/checks/check_embedders.py", embedder_plants, True),
    "sources": ("tests/checks/check_sources.py", source_plants, False),
    "spdx": ("tests/checks/check_spdx.py", spdx_plants, False),
    "using": ("tests/checks/check_using.py", using_plants, False),
    "seam": ("tests/checks/check_seam.py", seam_plants, False),
    "parity": ("tools/check_parity", parity_plants, False),
}


def run_plant(script: pathlib.Path, source: pathlib.Path, compiler: list[str], plant: Plant) -> str:
    """Empty, or what went wrong."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for part in ("include", "src", "tests/conformance", "tools"):
            if (source / part).exists():
                shutil.copytree(source / part, root / part)
        shutil.copy(source / "CMakeLists.txt", root)
        for path, text in plant.files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        run = subprocess.run([sys.executable, str(script), "--root", str(root), *compiler, *plant.extra],
                             capture_output=True, text=True, cwd=root, check=False)
        output = run.stdout + run.stderr
        if run.returncode != 1 or plant.expected not in output:
            return (f"planted {plant.files}\nexpected exit 1 and: {plant.expected}\n"
                    f"got exit {run.returncode} and:\n{output}")
        return ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=pathlib.Path, required=True)
    parser.add_argument("--check", choices=CHECKS, required=True)
    parser.add_argument("--cxx", default="c++")
    parser.add_argument("--flags", default="")
    options = parser.parse_args()
    root = options.root.resolve()

    script, plants, compiles = CHECKS[options.check]
    compiler = ["--cxx", options.cxx, f"--flags={options.flags}"] if compiles else []
    bad = [wrong for plant in plants() if (wrong := run_plant(root / script, root, compiler, plant))]
    for wrong in bad:
        print(wrong, end=os.linesep * 2)
    print(f"{options.check}: {len(plants())} violations planted, {len(bad)} not found")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
