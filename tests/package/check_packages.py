#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes packages of a built tree with cpack, twice, unpacks them into an empty root, runs what is in them, and compiles the README's example
against them.

    check_packages.py CASE --build DIR --source DIR --cxx COMPILER [--flags FLAGS]     CASE: deb, tgz
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SKIP = 77
PROGRAMS = ("duet-echo", "duet-resolve")


def check(truth, *what):
    if not truth:
        print("not so:", *what, sep="\n")
        sys.exit(1)


def run(*command, **more):
    done = subprocess.run([str(each) for each in command], capture_output=True, text=True, check=False, **more)
    check(done.returncode == 0, " ".join(map(str, command)), done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout


def packages(given, generator, place):
    """What cpack makes, by name."""
    place.mkdir()
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
    run("cpack", "-G", generator, "-B", place, "--config", given.build / "CPackConfig.cmake", cwd=place, env=environment)
    made = {each.name: each for each in place.iterdir() if each.is_file()}
    check(made, f"cpack -G {generator} makes something")
    return made


def made_twice(given, generator, scratch):
    one, other = packages(given, generator, scratch / "one"), packages(given, generator, scratch / "two")
    check(one.keys() == other.keys(), "the same files twice", one, other)
    for name, path in one.items():
        check(path.read_bytes() == other[name].read_bytes(), f"{name} is the same to the byte when it is made again")
    return one


def check_programs(prefix):
    for name in PROGRAMS:
        check(run(prefix / "bin" / name, "--version").startswith(name + " "), f"{name} runs")
        manual = [each for each in (prefix / "share/man/man1").iterdir() if each.name.startswith(name + ".1")]
        check(manual, f"{name} has its manual page")
        for completion in (f"bash-completion/completions/{name}", f"zsh/vendor-completions/_{name}",
                           f"fish/vendor_completions.d/{name}.fish"):
            check((prefix / "share" / completion).exists(), f"there is {completion}")


def check_development(given, prefix, scratch):
    """The README's example, with the flags that pkg-config tells of this place."""
    environment = {**os.environ, "PKG_CONFIG_PATH": str(prefix / "lib/pkgconfig")}
    environment.pop("PKG_CONFIG_LIBDIR", None)
    flags = run("pkg-config", "--cflags", "--libs", "duet", env=environment).split()
    check(any(str(prefix) in each for each in flags), "pkg-config names the place it is in", flags)
    program = scratch / "embed"
    run(given.cxx, "-std=c++20", *given.flags.split(), given.source / "examples/on_asio/embed.cpp", "-o", program, *flags)
    server = subprocess.Popen([program, "tcp://127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
    at = re.fullmatch(r"listening (\S+)\n", server.stdout.readline())
    check(at, "the example serves")
    check(run(prefix / "bin/duet-echo", "send", at[1], input="hello\n") == "hello\n", "and echoes what the program sends")
    server.terminate()
    check(server.wait(30) == 0, "and drains")


def deb(given, scratch):
    if missing := [each for each in ("dpkg-deb", "dpkg-shlibdeps", "file") if shutil.which(each) is None]:
        print(f"SKIPPED: without {', '.join(missing)} (Debian packages dpkg-dev and file)")
        sys.exit(SKIP)
    made = made_twice(given, "DEB", scratch)
    names = {run("dpkg-deb", "--field", path, "Package").strip(): path for path in made.values()}
    check(names.keys() == {"duet", "libduet-dev"}, "the packages are duet and libduet-dev", names)
    check("libc6" in run("dpkg-deb", "--field", names["duet"], "Depends"), "duet depends on the libraries that it is linked to")
    root = scratch / "root"
    for path in names.values():
        run("dpkg-deb", "-x", path, root)
    check_programs(root / "usr")
    check_development(given, root / "usr", scratch)


def tgz(given, scratch):
    made = made_twice(given, "TGZ", scratch)
    check(len(made) == 1, "one tarball", made)
    root = scratch / "somewhere else"
    root.mkdir()
    run("tar", "-xzf", *made.values(), "-C", root, "--strip-components=1")
    check_programs(root)
    environment = {**os.environ, "PKG_CONFIG_PATH": str(root / "lib/pkgconfig")}
    check("somewhere\\ else" in run("pkg-config", "--cflags", "duet", env=environment), "pkg-config finds itself")


if __name__ == "__main__":
    line = argparse.ArgumentParser()
    line.add_argument("case", choices=["deb", "tgz"])
    line.add_argument("--build", type=pathlib.Path, required=True)
    line.add_argument("--source", type=pathlib.Path, required=True)
    line.add_argument("--cxx", required=True)
    line.add_argument("--flags", default="")
    arguments = line.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        {"deb": deb, "tgz": tgz}[arguments.case](arguments, pathlib.Path(folder))
