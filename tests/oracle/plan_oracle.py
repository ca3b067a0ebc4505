#!/usr/bin/env python3
"""Batch maps worked out the slow way.

    plan_oracle.py make SEED DIR             random sizes, DIR/trades.tsv and
                                             DIR/l2.tsv as groups.tsv, and
                                             DIR/limits, the options for them
    plan_oracle.py next DIR                  the map by next-fit
    plan_oracle.py check DIR < batches.tsv   does the map hold the limits?
"""

import os
import random
import re
import sys

TABLES = "trades", "l2"
INT = re.compile(r"-?(0|[1-9][0-9]*)\Z")
ESCAPES = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"))


def escaped(key):
    for raw, text in ESCAPES:
        key = key.replace(raw, text)
    return key


def unescaped(text):
    names = {text[1]: raw for raw, text in ESCAPES}
    return re.sub(r"\\(.)", lambda m: names[m.group(1)], text)


def make(seed, where):
    rng = random.Random(seed)
    odd = ["a\tb", "a\nb", "back\\slash", "quo\"te", "comma,", "007", "7", "é"]
    count = rng.choice([1, 2, 10, 150])
    if rng.random() < 0.5:
        keys = [str(n) for n in rng.sample(range(-50, 2000), count)]
    else:
        keys = odd[:count] + ["w%d" % n for n in range(count)]
    os.makedirs(where)
    for table in TABLES:
        with open(os.path.join(where, table + ".tsv"), "w", newline="") as file:
            file.write("sym\trows\tbytes\ttable\n")
            shuffled = rng.sample(keys, rng.randint(1, len(keys)))
            for key in shuffled:
                rows = int(rng.paretovariate(1.2))
                file.write("%s\t%d\t%d\t%s\n" % (
                    escaped(key), rows, rows * rng.randint(5, 60), table))
    limits = ["--max-rows %d" % rng.randint(1, 60)]
    if rng.random() < 0.6:
        limits = ["--max-rows trades=%d" % rng.randint(1, 60),
                  "--max-bytes %d,l2=%d" % (rng.randint(500, 3000),
                                            rng.randint(500, 3000))]
    if rng.random() < 0.4:
        limits.append("--memory %d" % rng.randint(7200, 21600))
    with open(os.path.join(where, "limits"), "w") as file:
        file.write(" ".join(limits) + "\n")


def load(where):
    """Sizes of every group, a limit for each, and the keys in order."""
    words = open(os.path.join(where, "limits")).read().split()
    options = dict(zip(words[::2], words[1::2]))
    sizes = {}
    for table in TABLES:
        path = os.path.join(where, table + ".tsv")
        with open(path, newline="") as file:
            for line in file.read().split("\n")[1:-1]:
                key, rows, size, _ = line.split("\t")
                group = sizes.setdefault(unescaped(key), {})
                group["rows", table] = int(rows)
                group["bytes", table] = int(size)
    limits = {}
    for unit in "rows", "bytes":
        given = {}
        for word in options.get("--max-" + unit, "").split(","):
            if word:
                name, _, value = word.rpartition("=")
                given[name] = int(value)
        for table in TABLES:
            if table in given or "" in given:
                limits[unit, table] = given.get(table, given.get(""))
    if "--memory" in options:
        limits["memory"] = int(options["--memory"]) // 6
        for group in sizes.values():
            group["memory"] = sum(group.get(("bytes", t), 0) for t in TABLES)
    keys = sorted(sizes, key=lambda k: k.encode())
    if all(INT.match(k) for k in keys):
        keys.sort(key=lambda k: (int(k), k.encode()))
    return sizes, limits, keys


def over(group, limits):
    return any(group.get(name, 0) > limit for name, limit in limits.items())


def next_fit(where):
    sizes, limits, keys = load(where)
    batches = []
    for key in keys:
        last = batches[-1] if batches else None
        if last and not any(over(sizes[k], limits) for k in (key, last[-1])) \
                and all(sum(sizes[k].get(name, 0) for k in last + [key])
                        <= limit for name, limit in limits.items()):
            last.append(key)
        else:
            batches.append([key])
    number = {k: n for n, batch in enumerate(batches) for k in batch}
    out = "sym\tbatch_id\n" + "".join(
        "%s\t%d\n" % (escaped(k), number[k]) for k in keys)
    sys.stdout.buffer.write(out.encode())


def check(where):
    sizes, limits, keys = load(where)
    lines = sys.stdin.buffer.read().decode().split("\n")
    assert lines[0] == "sym\tbatch_id" and lines[-1] == "", lines[0]
    rows = [line.split("\t") for line in lines[1:-1]]
    assert [unescaped(key) for key, _ in rows] == keys, "keys or their order"
    batches = {}
    for key, number in rows:
        batches.setdefault(int(number), []).append(unescaped(key))
    assert list(batches) == list(range(len(batches))), "numbers"
    for number, batch in batches.items():
        if any(over(sizes[k], limits) for k in batch):
            assert len(batch) == 1, "%s is not alone" % batch
            continue
        for name, limit in limits.items():
            total = sum(sizes[k].get(name, 0) for k in batch)
            assert total <= limit, (number, name, total, limit)
    print(len(batches))


if sys.argv[1] == "make":
    make(int(sys.argv[2]), sys.argv[3])
else:
    {"next": next_fit, "check": check}[sys.argv[1]](sys.argv[2])
