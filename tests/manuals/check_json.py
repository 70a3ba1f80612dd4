#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds docs/cli.md to what the programs print with --json, and them to it.

    check_json.py PAGE FOLDER BACKEND

Each line that is printed has an event of the page, exactly its fields (but those it calls "sometimes"), and their types. Each event of the
page is printed, and each field.
"""
import pathlib
import re
import sys
import tempfile

import json_lines

TYPES = {"string": (str,), "number": (int, float), "boolean": (bool,), "list": (list,), "null": (type(None),)}
FIELD = re.compile(r"`(\w+)` ((?:string|number|boolean|list|null)(?: or null)?)( \*sometimes\*)?")

# A reply with the right checksum and a number that was never sent: tests/conformance brings that about, without a program.
NOT_PROVOKED = {("duet-echo ping", "strange")}


def read_fields(text):
    return {name: (kind.split(" or "), bool(optional)) for name, kind, optional in FIELD.findall(text)}


def read_page(text):
    """{command: {event: {field: ([types], is optional)}}}"""
    commands = {}
    for command, body in re.findall(r"^### `([^`]+)`\n(.*?)(?=^### |\Z)", text, re.MULTILINE | re.DOTALL):
        rows = re.findall(r"^\| (?:`([^`]+)`|\((\w+)\)) \|[^|]*\| (.*) \|$", body, re.MULTILINE)
        shared = {name: read_fields(cell) for _, name, cell in rows if name}
        events = {}
        for event, _, cell in rows:
            if not event:
                continue
            events[event] = read_fields(cell)
            for name, fields in shared.items():
                if f"those of {'the ' if name == 'views' else ''}{name}" in cell:
                    events[event] |= fields
        if "those of `summary` without `cut`" in body:
            events["counters"] = {**events["summary"], **events["counters"]}
            del events["counters"]["cut"]
        commands[command] = events
    return commands


def matches(value, kinds):
    return any(isinstance(value, TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool)) for kind in kinds)


def problems_of(page, seen):
    printed = {}
    for command, line in seen:
        event = line["event"]
        if event not in page[command]:
            yield f"{command} prints the event '{event}', the page does not tell of it"
            continue
        fields = page[command][event]
        own = {key: value for key, value in line.items() if key not in ("schema", "event")}
        printed.setdefault((command, event), set()).update(own)
        if line.get("schema") != command.split()[0] + "/1":
            yield f"{command}: {line}: no schema"
        for name, value in own.items():
            if name not in fields:
                yield f"{command} {event}: the page has no field '{name}'"
            elif not matches(value, fields[name][0]):
                yield f"{command} {event}: {name} is {value!r}, on the page {fields[name][0]}"
        for name in fields.keys() - own.keys():
            if not fields[name][1]:
                yield f"{command} {event}: no field '{name}' in {line}"
    for command, events in page.items():
        for event, fields in events.items():
            if (command, event) in NOT_PROVOKED:
                continue
            for name in fields.keys() - printed.get((command, event), set()):
                yield f"{command} never prints '{event}' with '{name}'"
            if (command, event) not in printed:
                yield f"{command} never prints '{event}'"


def main():
    page_path, folder, backend = sys.argv[1:]
    page = read_page(pathlib.Path(page_path).read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as scratch:
        seen = json_lines.all_lines(folder, backend, scratch)
    problems = sorted(set(problems_of(page, seen)))
    print(*problems, sep="\n")
    print(f"{len(seen)} lines, {sum(len(each) for each in page.values())} events, {len(problems)} problems")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
