#!/usr/bin/env python3
"""groups.tsv worked out the slow way.

    groups_oracle.py make SEED DIR       random shards, DIR/part-*.csv
    groups_oracle.py sum KEY [TABLE]     groups.tsv of a row stream (the rows of
                                         all shards, as shard-cat writes them)

Records are told apart by counting quotes, keys read by the csv module.
"""

import csv
import io
import os
import random
import re
import sys

TOKENS = {"", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan",
          "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN", "None",
          "n/a", "nan", "null"}
INT = re.compile(rb"-?(0|[1-9][0-9]*)\Z")
FLOAT = re.compile(rb"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\Z")
ODD = re.compile(rb"\+|-?0[0-9]")


def quoted(text, sep, always):
    if always or any(c in text for c in (sep, '"', "\n", "\r")):
        return '"' + text.replace('"', '""') + '"'
    return text


def make(seed, where):
    rng = random.Random(seed)
    odd = ["a\tb", 'say "x"', "line\nbreak", "back\\slash", "comma, here",
           "007", "7", "07", "NA", "null", "é", "z" * 14, "z" * 15, "z" * 16,
           "long " * 200, " ", "-", "-0", "0"]
    look = rng.choice(["ints", "ints and tokens", "odd", "words"])
    keys = {
        "ints": [str(rng.randint(-30, 3000)) for _ in range(40)] + ["0", "-0"],
        "odd": odd + [str(n) for n in range(20)],
        "words": ["w%d" % n for n in range(rng.choice([1, 30, 500]))],
    }.get(look) or [str(n) for n in range(30)] + ["NA", "null", "nan"]
    names = ["id", "key", "note"]
    rng.shuffle(names)
    rows = []
    for number in range(rng.randint(0, 600)):
        cell = {"id": str(number), "key": rng.choice(keys),
                "note": rng.choice(["", "x", "a,b", 'q"', "t\tt", "n\nn"])}
        if rng.random() < 0.05:
            cell["key"] = ""
        rows.append(cell)
    shards = [[] for _ in range(rng.randint(1, 7))]
    for row in rows:
        rng.choice(shards).append(row)
    os.makedirs(where)
    for number, shard in enumerate(shards):
        kind = rng.choice(["csv", "csv", "tsv"])
        sep = {"csv": ",", "tsv": "\t"}[kind]
        end = rng.choice(["\n", "\n", "\r\n"])
        lines = [sep.join(names)] + [
            sep.join(quoted(row[n], sep, rng.random() < 0.1) for n in names)
            for row in shard]
        path = os.path.join(where, "part-%d.%s" % (number * 3, kind))
        with open(path, "wb") as file:
            file.write((end.join(lines) + end).encode())


def records(data):
    """Every record with its newline."""
    held = b""
    for line in data.split(b"\n"):
        held += line + b"\n"
        if held.count(b'"') % 2 == 0:
            yield held
            held = b""


def number_order(key):
    return int(key), key


def escaped(key):
    for raw, text in ((b"\\", b"\\\\"), (b"\t", b"\\t"), (b"\n", b"\\n"),
                      (b"\r", b"\\r")):
        key = key.replace(raw, text)
    return key


def total(column, table):
    data = sys.stdin.buffer.read()
    assert data.endswith(b"\n")
    stream = records(data[:-1])

    def cells(record):
        text = record[:-1].decode("utf-8", "surrogateescape")
        row, = csv.reader(io.StringIO(text, newline=""), strict=True)
        return row

    at = cells(next(stream)).index(column)
    rows, size = {}, {}
    missing = 0
    for record in stream:
        key = cells(record)[at].encode("utf-8", "surrogateescape")
        if not key:
            missing += 1
            continue
        rows[key] = rows.get(key, 0) + 1
        size[key] = size.get(key, 0) + len(record)
    values = [k for k in rows if k.decode("utf-8", "replace") not in TOKENS]
    if all(FLOAT.match(k) and not ODD.match(k) for k in values):
        for key in set(rows) - set(values):
            missing += rows.pop(key)
    ints = bool(rows) and all(INT.match(k) for k in rows)
    out = sys.stdout.buffer
    out.write(column.encode() + b"\trows\tbytes" +
              (b"\ttable" if table else b"") + b"\n")
    for key in sorted(rows, key=number_order if ints else None):
        out.write(b"%s\t%d\t%d%s\n" % (
            escaped(key), rows[key], size[key],
            b"\t" + table.encode() if table else b""))
    print("missing %d" % missing, file=sys.stderr)


if sys.argv[1] == "make":
    make(int(sys.argv[2]), sys.argv[3])
else:
    csv.field_size_limit(1 << 30)
    total(sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else None)
