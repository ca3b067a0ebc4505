#!/usr/bin/env python3
"""What the shredding job must write, worked out the slow and simple way.

    shred_oracle.py expect WHERE OPTION...   write the expected files, never
                                             compressed, below WHERE
    shred_oracle.py compare OUT OPTION...    does OUT hold what these options
                                             of pipelines/shred must give?

OPTIONs are those of pipelines/shred; those that change no byte, like
--workers, are accepted and not looked at.  Everything is held in memory.
Fields are cut out of the files as bytes and put together again; nothing is
shared with the programs under test.  Invalid input raises.

With --pack best any map that holds the limits with no more batches than
next-fit is right: `compare` takes the one in OUT, and `expect` cannot be used.

What the job leaves open is left open here: lines of 0 rows in _account.tsv,
where the lines of shard `-` stand in _manifest.tsv, the rows of result.csv,
and all names with an underscore in front, but for leftovers.
"""

import argparse
import ctypes
import ctypes.util
import collections
import datetime
import fractions
import gzip
import math
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections import Counter

sys.dont_write_bytecode = True
import oracle  # noqa: E402  (a file beside this one: which values are missing)

BOM = b"\xef\xbb\xbf"
SEPARATORS = {"csv": b",", "tsv": b"\t"}
SHARD_NAME = re.compile(r"part-([0-9]+)[^.]*\.(csv|tsv)(\.gz|\.zst)?")
EXTENSION = re.compile(r"\.(csv|tsv)(\.gz|\.zst)?$")
DATED_NAME = re.compile(r"[^_.].*\.(csv|tsv)(\.gz|\.zst)?")
DATE = re.compile(r"(?<![0-9])(?:([0-9]{4})-([0-9]{2})-([0-9]{2})|([0-9]{4})([0-9]{2})([0-9]{2}))(?![0-9])")
INTEGER = re.compile(rb"-?(0|[1-9][0-9]*)")
NUMBER = re.compile(rb"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
TIME = re.compile(
    rb"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    rb"(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?"
    rb"(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
)
FIELD = re.compile(rb'"[^"]*(?:""[^"]*)*"')
EXPRESSION = re.compile(rb"(.*?) (==|=|!=|<=|<|>=|>) (.*)", re.DOTALL)
ESCAPES = (b"\\", b"\\\\"), (b"\t", b"\\t"), (b"\n", b"\\n"), (b"\r", b"\\r")


class IllPosed(Exception):
    """The job's rules do not say what the answer is."""


# Files and rows


def read_file(path):
    with open(path, "rb") as file:
        data = file.read()
    if path.endswith(".gz"):
        return gzip.decompress(data)
    if path.endswith(".zst"):
        return subprocess.run(["zstd", "-dqc"], input=data, stdout=subprocess.PIPE, check=True).stdout
    return data


def compressed(data, codec):
    if codec == ".gz":
        return gzip.compress(data, mtime=0)
    if codec == ".zst":
        return subprocess.run(["zstd", "-qc"], input=data, stdout=subprocess.PIPE, check=True).stdout
    return data


def fields_of(line, separator):
    """The fields of one record, with the bytes they have in the file."""
    if b'"' not in line:
        return line.split(separator)
    fields, at = [], 0
    while True:
        match = FIELD.match(line, at)
        if match:
            end = match.end()
        else:
            end = line.find(separator, at)
            end = len(line) if end < 0 else end
        fields.append(line[at:end])
        if end == len(line):
            return fields
        if not line.startswith(separator, end):
            raise ValueError("stray quote: %r" % line)
        at = end + len(separator)


def records(data, separator):
    """Every record, split; newlines inside quotes are told apart by counting quotes."""
    if data.startswith(BOM):
        data = data[len(BOM):]
    lines = data.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    held = []
    quotes = 0
    for line in lines:
        held.append(line)
        quotes += line.count(b'"')
        if quotes % 2 == 0:
            record = b"\n".join(held)
            if record.endswith(b"\r"):
                record = record[:-1]
            yield fields_of(record, separator)
            held = []
            quotes = 0
    if held:
        raise ValueError("a quote stays open: %r" % held[0])


def dequoted(field):
    if field.startswith(b'"'):
        return field[1:-1].replace(b'""', b'"')
    return field


def written(field, separator):
    """A field in this dialect: quoted only if it has to be."""
    if field.startswith(b'"') or not any(mark in field for mark in (separator, b'"', b"\n", b"\r")):
        return field
    return b'"' + field.replace(b'"', b'""') + b'"'


def escaped(key):
    for raw, text in ESCAPES:
        key = key.replace(raw, text)
    return key


def unescaped(text):
    names = {escape: raw for raw, escape in ESCAPES}
    return re.sub(rb"\\.", lambda match: names[match.group()], text)


# Values


def parse_time(text):
    """(kind, instant, day): the instant in ns, or as it is for integers, which have no day."""
    if INTEGER.fullmatch(text):
        return "epoch", int(text), None
    match = TIME.fullmatch(text)
    if not match:
        raise ValueError("no time: %r" % text)
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    hour, minute, second = int(hour or 0), int(minute or 0), int(second or 0)
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError("no time: %r" % text)
    days = datetime.date(int(year), int(month), int(day)).toordinal()
    seconds = days * 86400 + hour * 3600 + minute * 60 + second
    if zone and zone != b"Z":
        digits = zone[1:].replace(b":", b"").ljust(4, b"0")
        offset = int(digits[:2]) * 3600 + int(digits[2:]) * 60
        seconds -= offset if zone.startswith(b"+") else -offset
    instant = seconds * 10**9 + int((fraction or b"").ljust(9, b"0"))
    return "zoned" if zone else "plain", instant, datetime.date.fromordinal(seconds // 86400)


def parse_number(text):
    """Doubles, but whole numbers of 64 bits exactly."""
    if not NUMBER.fullmatch(text):
        raise ValueError("no number: %r" % text)
    if re.fullmatch(rb"[+-]?[0-9]+", text) and -(2**63) <= int(text) < 2**64:
        return fractions.Fraction(int(text))
    return fractions.Fraction(float(text))


def split_order(text):
    """COL[:b|n|t][r]: the column, the type, and whether it goes down."""
    match = re.fullmatch(r"(.*):([bnt]?r?)", text, re.DOTALL)
    if not match or not match.group(2):
        return text, "t", False
    letters = match.group(2)
    return match.group(1), letters.rstrip("r") or "t", letters.endswith("r")


def where(text, names):
    """A function that says of a row's fields whether --where keeps it."""
    column, operator, value = EXPRESSION.fullmatch(text.encode("utf-8", "surrogateescape")).groups()
    at = names.index(column)
    operator = operator.decode()
    if value and NUMBER.fullmatch(value):
        read = parse_number
    elif TIME.fullmatch(value):
        def read(cell):
            return parse_time(cell)[1]
    else:
        read = bytes
    wanted = read(value) if value else None

    def holds(row):
        cell = dequoted(row[at])
        if not cell or not value:
            return {"==": cell == value, "=": cell == value, "!=": cell != value}.get(operator, False)
        try:
            cell = read(cell)
        except ValueError:
            return operator == "!="
        return {
            "==": cell == wanted, "=": cell == wanted, "!=": cell != wanted,
            "<": cell < wanted, "<=": cell <= wanted, ">": cell > wanted, ">=": cell >= wanted,
        }[operator]

    return holds


# The input


def date_in(name):
    for match in DATE.finditer(name):
        digits = [int(group) for group in match.groups() if group]
        try:
            return datetime.date(*digits)
        except ValueError:
            pass
    return None


def find_shards(top, by_day):
    """[(number, path, day or None)] in number order; with by_day in directories too."""
    found = []
    for where_, directories, names in os.walk(top):
        directories.sort()
        if not by_day:
            directories.clear()
        below = os.path.relpath(where_, top).split(os.sep)
        for name in sorted(names):
            path = os.path.join(where_, name)
            match = SHARD_NAME.fullmatch(name)
            day = date_in(name)
            if not match and not (by_day and day and DATED_NAME.fullmatch(name)):
                continue
            for directory in reversed(below):
                day = day or date_in(directory)
            found.append((int(match.group(1)) if match else None, path, day))
    # without a number: the day's, and the place among several
    unnumbered = collections.Counter(day for number, _, day in found if number is None)
    place = collections.Counter()
    for i, (number, path, day) in enumerate(found):
        if number is None:
            number = day.strftime("%Y%m%d")
            if unnumbered[day] > 1:
                number += "%05d" % place[day]
            place[day] += 1
            found[i] = (int(number), path, day)
    return sorted(found, key=lambda shard: (shard[0], shard[2] or datetime.date.min, shard[1]))


class Row:
    __slots__ = ("shard", "number", "key", "order", "day", "line", "size", "kept")


class Table:
    """All rows of one input, with what the options say about them worked out."""

    def __init__(self, name, directory, order, options):
        self.name = name
        column, kind, self.down = split_order(order)
        shards = find_shards(directory, options.by_day)
        if not shards:
            raise ValueError("%s: no shard" % directory)
        first = os.path.basename(shards[0][1])
        form, codec = EXTENSION.search(first).groups()
        form = options.format or form
        codec = codec or ""
        if options.each and not options.compress:
            codec = ""  # a command reads plain files
        if options.compress:
            codec = "" if options.compress == "none" else "." + options.compress
        self.codec = codec
        self.ext = "." + form + codec
        self.separator = SEPARATORS[form]
        self.rows = []
        self.numbers = set()
        dates = [day for _, _, day in shards]
        by_name = options.by_day == "name" or (options.by_day == "auto" and all(dates))
        kinds = set()
        self.header = None
        for number, path, day in shards:
            self.numbers.add(number)
            stream = records(read_file(path), SEPARATORS[EXTENSION.search(path).group(1)])
            header = [field.replace(b"__DOT__", b".") for field in next(stream)]
            names = [dequoted(field) for field in header]
            if self.header is None:
                self.set_header(header, names, column, options)
            elif names != self.names:
                raise ValueError("%s: another header" % path)
            found = list(stream)
            while len(header) > 1 and found and found[-1] == [b""]:
                found.pop()
            for i, fields in enumerate(found):
                if len(fields) != len(header):
                    raise ValueError("%s: ragged row %r" % (path, fields))
                row = Row()
                row.shard, row.number = number, i
                row.kept = self.holds(fields)
                row.key = dequoted(fields[self.key_at])
                row.day = day if by_name else None
                text = dequoted(fields[self.order_at])
                if kind == "t":
                    time, row.order, when = parse_time(text)
                    kinds.add(time)
                    if options.by_day and not by_name:
                        if when is None:
                            raise IllPosed("integers have no day")
                        row.day = when
                elif kind == "n":
                    row.order = parse_number(text)
                else:
                    if not text:
                        raise ValueError("%s: no order value" % path)
                    row.order = text
                chosen = [fields[at] for at in self.chosen]
                row.size = sum(len(written(field, b",")) + 1 for field in chosen)
                row.line = self.separator.join(written(field, self.separator) for field in chosen) + b"\n"
                self.rows.append(row)
        if len(kinds) > 1:
            raise ValueError("table %s: times of different kinds" % name)

    def set_header(self, header, names, column, options):
        def find(name):
            return names.index(name.encode("utf-8", "surrogateescape"))

        self.names = names
        self.key_at = find(options.key)
        self.order_at = find(column)
        self.chosen = range(len(names))
        if options.columns:
            wanted = {find(name) for name in options.columns.split(",")} | {self.key_at, self.order_at}
            self.chosen = sorted(wanted)
        # a name is quoted where it has to be, however it came
        self.header = self.separator.join(
            b'"' + names[at].replace(b'"', b'""') + b'"'
            if any(mark in names[at] for mark in (self.separator, b'"', b"\n", b"\r")) else names[at]
            for at in self.chosen) + b"\n"
        self.holds = where(options.where, names) if options.where else lambda row: True


# The plan


def pairs(words, convert):
    """[TABLE=]N,... several times: {table or "": N}."""
    given = {}
    for word in ",".join(words or []).split(","):
        if word:
            name, _, value = word.rpartition("=")
            given[name] = convert(value)
    return given


def size(text):
    scale = "KMGT".find(text[-1:]) + 1
    return int(text[:-1] if scale else text) << 10 * scale


def read_list(path):
    """A table of groups: (names, rows), of CSV or TSV as its name says."""
    with open(path, "rb") as file:
        data = file.read()
    if path.endswith(".csv"):
        rows = [[dequoted(field) for field in row] for row in records(data, b",")]
    else:
        rows = [[unescaped(cell) for cell in line.split(b"\t")] for line in data.split(b"\n")[:-1]]
    return rows[0], rows[1:]


def is_missing(keys):
    """By the rule `auto`: which of a table's keys are no group."""
    tokens = oracle.tokens_are_missing(list(keys))
    return {key for key in keys if not key or (tokens and oracle.is_token(key))}


def integers(keys):
    return all(INTEGER.fullmatch(key) for key in keys)


def in_order(keys, as_integers):
    if as_integers:
        return sorted(keys, key=lambda key: (int(key), key))
    return sorted(keys)


class Plan:
    """Which group is in which batch, and which keys are no group."""

    def __init__(self, tables, rows, options):
        """rows: those of the day, by table."""
        self.sizes = {}
        self.missing = {}
        names = [table.name for table in tables]
        everybody = {row.key for table in tables for row in table.rows}
        for table in tables:
            kept = [row for row in rows[table.name] if row.kept]
            self.missing[table.name] = is_missing({row.key for row in kept})
            # Rules say "the column", and not whether filtered rows, other tables and other days are in it.
            for keys in ({row.key for row in rows[table.name]}, everybody):
                if is_missing(keys) & {row.key for row in kept} != self.missing[table.name]:
                    raise IllPosed("what is missing depends on which rows are asked")
            for row in kept:
                if row.key not in self.missing[table.name]:
                    sums = self.sizes.setdefault(row.key, Counter())
                    sums["rows", table.name] += 1
                    sums["bytes", table.name] += row.size
        opinions = {integers(self.sizes), integers(everybody - is_missing(everybody))}
        if options.estimates:
            self.estimate(options, names)
            opinions.add(integers(self.sizes))
        if options.groups:
            universe = [row[0] for row in read_list(options.groups)[1]]
            self.sizes = {key: self.sizes.get(key, Counter()) for key in universe}
            opinions.add(integers(universe))
        if len(opinions) > 1:
            raise IllPosed("whether keys are integers depends on which are asked")
        self.set_limits(options, names)
        self.keys = in_order(self.sizes, opinions.pop())
        self.batches = self.next_fit() if self.limits else self.fixed(options.fixed or 100)

    def estimate(self, options, names):
        header, rows = read_list(options.estimates)
        key_at = header.index(b"key") if b"key" in header else 0
        rows_at = header.index(b"estimated_rows")
        table_at = header.index(b"table") if b"table" in header else None
        rates = pairs(options.rate, float)
        self.sizes = {}
        for row in rows:
            count = math.ceil(float(row[rows_at]))
            table = "data" if table_at is None else row[table_at].decode()
            sums = self.sizes.setdefault(row[key_at], Counter())
            for name in names:
                if rates:
                    sums["rows", name] = math.ceil(count * rates.get(name, 0))
                elif name == table:
                    sums["rows", name] = count

    def set_limits(self, options, names):
        self.limits = {}
        for unit, words, convert in (("rows", options.max_rows, int), ("bytes", options.max_bytes, size)):
            given = pairs(words, convert)
            for name in names:
                if name in given or "" in given:
                    self.limits[unit, name] = given.get(name, given.get(""))
        if options.memory:
            self.limits["memory"] = size(options.memory) // 6
            for sums in self.sizes.values():
                sums["memory"] = sum(sums["bytes", name] for name in names)

    def fixed(self, count):
        return [self.keys[at:at + count] for at in range(0, len(self.keys), count)]

    def too_large(self, key):
        return any(self.sizes[key][what] > limit for what, limit in self.limits.items())

    def fits(self, keys):
        return all(sum(self.sizes[key][what] for key in keys) <= limit for what, limit in self.limits.items())

    def next_fit(self):
        batches, alone = [], True
        sums = Counter()
        for key in self.keys:
            own = self.sizes[key]
            more = {what: sums[what] + own[what] for what in self.limits}
            if not alone and not self.too_large(key) and all(more[what] <= self.limits[what] for what in more):
                batches[-1].append(key)
                sums = Counter(more)
            else:
                batches.append([key])
                alone = self.too_large(key)
                sums = Counter(own)
        return batches

    def take(self, data, column):
        """The map in OUT, where any good one will do."""
        lines = data.split(b"\n")
        if lines[0] != column + b"\tbatch_id" or lines[-1]:
            raise ValueError("batches.tsv: header or last line: %r" % lines[0])
        rows = [line.split(b"\t") for line in lines[1:-1]]
        if [unescaped(key) for key, _ in rows] != self.keys:
            raise ValueError("batches.tsv: not all groups, or not in order")
        taken = {}
        for key, number in rows:
            taken.setdefault(int(number), []).append(unescaped(key))
        if list(taken) != list(range(len(taken))):
            raise ValueError("batches.tsv: numbers of batches: %s" % list(taken)[:20])
        for number, keys in taken.items():
            if len(keys) > 1 and not self.fits(keys):
                raise ValueError("batches.tsv: batch %d is over a limit" % number)
        if len(taken) > len(self.batches):
            raise ValueError("batches.tsv: %d batches, next-fit has %d" % (len(taken), len(self.batches)))
        self.batches = list(taken.values())

    def text(self, column):
        number = {key: i for i, keys in enumerate(self.batches) for key in keys}
        return escaped(column) + b"\tbatch_id\n" + b"".join(
            b"%s\t%d\n" % (escaped(key), number[key]) for key in self.keys)


# What must come out


class File:
    def __init__(self, batch, table, name, lines, table_of):
        self.batch, self.table, self.name, self.rows = batch, table, name, len(lines)
        self.codec = table_of.codec
        self.data = table_of.header + b"".join(lines)


def sort_rows(rows, index, down):
    """By key, order column, shard, row; only the order column may go down."""
    rows.sort(key=lambda row: (row.shard, row.number))
    rows.sort(key=lambda row: row.order, reverse=down)
    rows.sort(key=index)


class Part:
    """The whole output, or that of one day."""

    def __init__(self, tables, day, options, out=None):
        self.day = day
        self.name = "" if day is None else day.isoformat()
        self.options = options
        rows = {
            table.name: [row for row in table.rows if day is None or row.day == day] for table in tables
        }
        self.tables = tables
        self.plan = Plan(tables, rows, options)
        column = options.key.encode("utf-8", "surrogateescape")
        if options.pack == "best":
            if out is None:
                raise IllPosed("--pack best has no one answer")
            with open(os.path.join(out, self.name, "batches.tsv"), "rb") as file:
                self.plan.take(file.read(), escaped(column))
        if not self.plan.keys:
            raise IllPosed("no group at all")
        self.map = self.plan.text(column)
        self.files = []
        self.account = Counter()
        number = {key: i for i, keys in enumerate(self.plan.batches) for key in keys}
        position = {key: i for i, key in enumerate(self.plan.keys)}
        for table in tables:
            missing = self.plan.missing[table.name]
            parts = [[] for _ in self.plan.batches]
            unplanned = []
            for row in rows[table.name]:
                self.count(row, table, "in")
                if not row.kept:
                    self.count(row, table, "filtered")
                elif row.key in missing or row.key not in number:
                    if options.unplanned == "keep":
                        if row.key in missing and row.key:
                            raise IllPosed("the order of missing keys that are not empty")
                        unplanned.append(row)
                        self.count(row, table, "out")
                    else:
                        self.count(row, table, "missing-group" if row.key in missing else "unplanned")
                else:
                    parts[number[row.key]].append(row)
                    self.count(row, table, "out")
            for i, part in enumerate(parts):
                sort_rows(part, lambda row: position[row.key], table.down)
                name = "batch-%s-%d%s" % (table.name, i, table.ext)
                self.files.append(File(i, table.name, name, [row.line for row in part], table))
            if unplanned:
                sort_rows(unplanned, lambda row: row.key, table.down)
                name = "batch-%s-unplanned%s" % (table.name, table.ext)
                self.files.append(File(None, table.name, name, [row.line for row in unplanned], table))
        self.result = None

    def count(self, row, table, kind):
        self.account[row.shard, table.name, kind] += 1

    def run_each(self):
        """The outputs of --each over the files of every batch, joined."""
        outputs = []
        with tempfile.TemporaryDirectory() as scratch:
            for i in range(len(self.plan.batches)):
                paths = []
                for table in self.tables:
                    file, = (f for f in self.files if f.batch == i and f.table == table.name)
                    paths.append(os.path.join(scratch, file.name))
                    with open(paths[-1], "wb") as stream:
                        stream.write(compressed(file.data, file.codec))
                words = {"{}": paths[0], "{id}": str(i), "{day}": self.name}
                words.update(("{%s}" % table.name, path) for table, path in zip(self.tables, paths))
                command = re.sub("|".join(map(re.escape, words)),
                                 lambda match: shlex.quote(words[match.group()]), self.options.each)
                done = subprocess.run(
                    ["sh", "-c", command, "sh", *paths], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                    env=dict(os.environ, SHARD_BATCH=str(i), SHARD_DAY=self.name), check=True)
                outputs.append(done.stdout)
        self.result = joined(outputs)

    def present(self):
        """The files that stay."""
        gone = self.options.each and not self.options.keep
        return [file for file in self.files if file.batch is None or not gone]


def joined(outputs):
    """One after the other, a first line that repeats the very first left out."""
    first = outputs[0].split(b"\n", 1)[0] if outputs else b""
    result = b""
    for i, output in enumerate(outputs):
        line, _, rest = output.partition(b"\n")
        result += rest if i and output and line == first else output
    return result


def account_text(account):
    """_account.tsv without lines of 0 rows; drops stand before the `in` of their table."""
    lines = [b"shard\tkind\tname\trows\n"]
    for shard, table in sorted({(shard, table) for shard, table, _ in account}):
        kinds = sorted(kind for s, t, kind in account if (s, t) == (shard, table) and kind not in ("in", "out"))
        for kind in [*kinds, "in", "out"]:
            rows = account[shard, table, kind]
            name = table if kind in ("in", "out") else kind
            word = kind if kind in ("in", "out") else "drop"
            if rows:
                lines.append(("%05d\t%s\t%s\t%d\n" % (shard, word, name, rows)).encode())
    return b"".join(lines)


class Job:
    def __init__(self, options, out=None):
        self.options = options
        tables = []
        if options.table and "=" in options.table[0]:
            for word in options.table:
                name, _, rest = word.partition("=")
                directory, _, order = rest.partition(":")
                tables.append(Table(name, directory, order, options))
        else:
            name = options.table[0] if options.table else "data"
            tables.append(Table(name, options.input, options.order, options))
        self.tables = tables
        days = [None]
        if options.by_day:
            found = {row.day for table in tables for row in table.rows}
            if None in found:
                raise IllPosed("rows without a day")
            days = [day for day in sorted(found) if self.wanted(day)]
        self.parts = [Part(tables, day, options, out) for day in days]
        self.account = Counter()
        for part in self.parts:
            self.account += part.account
        self.result = None
        if options.each:
            for part in self.parts:
                part.run_each()
            self.result = joined([part.result for part in self.parts])

    def wanted(self, day):
        options = self.options
        return not (
            (options.from_ and day < datetime.date.fromisoformat(options.from_))
            or (options.to and day > datetime.date.fromisoformat(options.to))
            or (options.exclude_weekends and day.weekday() > 4)
        )


def expect(job, where_):
    def put(path, data):
        path = os.path.join(where_, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)

    for part in job.parts:
        put(os.path.join(part.name, "batches.tsv"), part.map)
        put(os.path.join(part.name, "_account.tsv"), account_text(part.account))
        for file in part.present():
            name = file.name[:-len(file.codec)] if file.codec else file.name
            put(os.path.join(part.name, name), file.data)
        if part.result is not None:
            put(os.path.join(part.name, "result.csv"), part.result)
    put("_account.tsv", account_text(job.account))
    if job.result is not None:
        put("result.csv", job.result)


# What did come out


def xxh3_of():
    """XXH3-64 of a file's path in hex, or None if this machine has no means."""
    library = ctypes.util.find_library("xxhash") or "libxxhash.so.0"
    try:
        function = ctypes.CDLL(library).XXH3_64bits
        function.restype = ctypes.c_uint64
        function.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
    except (OSError, AttributeError):
        if not shutil.which("xxhsum"):
            print("no libxxhash and no xxhsum: digests are not compared", file=sys.stderr)
            return None
        return lambda path: subprocess.run(
            ["xxhsum", "-H3", path], stdout=subprocess.PIPE, check=True).stdout.decode().split("=")[-1].split()[0][-16:]

    def digest(path):
        with open(path, "rb") as file:
            data = file.read()
        return "%016x" % function(data, len(data))

    return digest


def excerpt(want, got):
    """Where two texts part."""
    at = next((i for i, (a, b) in enumerate(zip(want, got)) if a != b), min(len(want), len(got)))
    start = max(want.rfind(b"\n", 0, at) + 1, at - 200)
    return "at byte %d, line %d\n  want: %r\n  got:  %r" % (
        at, want.count(b"\n", 0, at) + 1, want[start:at + 200], got[start:at + 200])


class Judge:
    def __init__(self, job, out):
        self.job, self.out = job, out
        self.bad = []
        self.xxh3 = xxh3_of()

    def say(self, text):
        self.bad.append(text)

    def same(self, path, want):
        full = os.path.join(self.out, path)
        if not os.path.isfile(full):
            self.say("%s: missing" % path)
            return
        try:
            got = read_file(full)
        except (OSError, EOFError, subprocess.CalledProcessError) as error:
            self.say("%s: %s" % (path, error))
            return
        if got != want:
            self.say("%s: differs %s" % (path, excerpt(want, got)))

    def lines(self, path, header):
        try:
            with open(os.path.join(self.out, path), "rb") as file:
                data = file.read().decode("utf-8", "surrogateescape")
        except OSError as error:
            self.say("%s: %s" % (path, error))
            return []
        lines = data.split("\n")
        if lines[0] != header or lines.pop():
            self.say("%s: header %r, or the last line does not end" % (path, lines[0]))
        return [line.split("\t") for line in lines[1:]]

    def check_account(self, path, account, whole):
        """Blocks of drops, in, out; each of them closes."""
        got = Counter()
        drops = Counter()
        last = None
        for line in self.lines(path, "shard\tkind\tname\trows"):
            if len(line) != 4 or not re.fullmatch("[0-9]{5,}", line[0]) or not re.fullmatch("[0-9]+", line[3]):
                self.say("%s: no line of an account: %r" % (path, line))
                return
            shard, kind, name, rows = int(line[0]), line[1], line[2], int(line[3])
            if last is not None and shard < last:
                self.say("%s: shard %d after shard %d" % (path, shard, last))
            last = shard
            if kind == "drop":
                drops[shard, name] += rows
            elif kind == "in":
                got[shard, name, "in"] += rows
                for (number, reason), dropped in drops.items():
                    if number != shard:
                        self.say("%s: drops of shard %d without its `in`" % (path, number))
                    got[shard, name, reason] += dropped
                drops.clear()
            elif kind == "out":
                got[shard, name, "out"] += rows
            else:
                self.say("%s: kind %r" % (path, kind))
        if drops:
            self.say("%s: drops without an `in` behind them" % path)
        for shard, name in {(shard, name) for shard, name, _ in got}:
            kinds = {kind: rows for (s, n, kind), rows in got.items() if (s, n) == (shard, name)}
            if kinds.pop("in", 0) != sum(kinds.values()):
                self.say("%s: shard %d, table %s does not close" % (path, shard, name))
        if not whole:  # a day of a time column: to which days filtered rows belong is open
            account = Counter({what: rows for what, rows in account.items() if what[2] == "out"})
            got = Counter({what: rows for what, rows in got.items() if what[2] == "out"})
        if +got != +account:
            self.say("%s:\n  too much %s\n  too little %s" % (path, dict(got - account), dict(account - got)))

    def manifest_rows(self, part, prefix):
        rows = []
        for file in part.present():
            rows.append([file.batch, file.table, os.path.join(prefix, file.name), file.rows])
        if part.result is not None:
            rows.append([None, "result", os.path.join(prefix, "result.csv"), None])
        return rows

    def check_manifest(self, path, groups):
        """groups: the rows day by day; in each the numbered ones are in order."""
        top = os.path.dirname(path)
        want = {}
        for group in groups:
            group.sort(key=lambda row: (row[0] is None, row[0] or 0, row[1]))
            for row in group:
                want[row[2]] = row
        got = self.lines(path, "shard\tsplit\tpath\trows\tbytes\txxh3")
        order = []
        for line in got:
            if len(line) != 6 or line[2] not in want:
                self.say("%s: a line too much: %r" % (path, line))
                continue
            batch, table, name, rows = want.pop(line[2])
            if batch is not None:
                order.append(name)
            shown = "-" if batch is None else str(batch)
            if line[:2] != [shown, table]:
                self.say("%s: %s is of %r, not %r" % (path, name, line[:2], [shown, table]))
            if rows is not None and line[3] != str(rows):
                self.say("%s: %s: %s rows, not %d" % (path, name, line[3], rows))
            full = os.path.join(self.out, top, name)
            if not os.path.isfile(full):
                continue
            if rows is None:
                with open(full, "rb") as file:
                    count = file.read().count(b"\n")
                if line[3] not in ("-", str(count), str(max(count - 1, 0))):
                    self.say("%s: %s: %s rows of %d lines" % (path, name, line[3], count))
            if line[4] != str(os.path.getsize(full)):
                self.say("%s: %s: %s bytes" % (path, name, line[4]))
            if self.xxh3 and line[5] != self.xxh3(full):
                self.say("%s: %s: digest" % (path, name))
        for name in want:
            self.say("%s: no line for %s" % (path, name))
        wanted = [row[2] for group in groups for row in group if row[0] is not None]
        if not want and order != wanted:
            self.say("%s: the lines are not in order: %s" % (path, order[:10]))

    def check_names(self, directory, known):
        """Nothing there but these and what begins with an underscore; nowhere a leftover."""
        full = os.path.join(self.out, directory)
        for name in os.listdir(full):
            if name not in known and not name.startswith("_"):
                if name in self.skipped(directory) and not self.holds_data(os.path.join(full, name)):
                    continue
                self.say("%s: nobody's file" % os.path.join(directory, name))

    def skipped(self, directory):
        return os.listdir(os.path.join(self.out, directory)) if self.job.options.by_day and not directory else ()

    @staticmethod
    def holds_data(path):
        if not os.path.isdir(path):
            return True
        return any(not name.startswith("_") for name in os.listdir(path))

    def check(self):
        job = self.job
        for part in job.parts:
            prefix = part.name
            if not os.path.isdir(os.path.join(self.out, prefix)):
                self.say("%s: no such directory" % (prefix or self.out))
                continue
            known = {"batches.tsv"} | {file.name for file in part.present()}
            self.same(os.path.join(prefix, "batches.tsv"), part.map)
            for file in part.present():
                self.same(os.path.join(prefix, file.name), file.data)
            if part.result is not None:
                known.add("result.csv")
                self.same(os.path.join(prefix, "result.csv"), part.result)
            if prefix:
                self.check_names(prefix, known)
                self.check_account(os.path.join(prefix, "_account.tsv"), part.account, not job.options.where)
                self.check_manifest(os.path.join(prefix, "_manifest.tsv"), [self.manifest_rows(part, "")])
                self.sealed(prefix)
            else:
                self.check_names("", known)
        groups = [self.manifest_rows(part, part.name) for part in job.parts]
        if job.options.by_day:
            known = {part.name for part in job.parts}
            if job.result is not None:
                known.add("result.csv")
                self.same("result.csv", job.result)
                groups.append([[None, "result", "result.csv", None]])
            self.check_names("", known)
        self.check_account("_account.tsv", job.account, True)
        self.check_manifest("_manifest.tsv", groups)
        self.sealed("")
        for where_, directories, names in os.walk(self.out):
            for name in directories + names:
                if name.startswith("."):
                    self.say("%s: left over" % os.path.join(where_, name))
        return not self.bad

    def sealed(self, directory):
        if not os.path.exists(os.path.join(self.out, directory, "_SUCCESS")):
            self.say("%s: missing" % os.path.join(directory, "_SUCCESS"))


def parse_options(words):
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for name in ("input", "key", "order", "groups", "estimates", "columns", "where", "memory", "each", "to"):
        parser.add_argument("--" + name)
    parser.add_argument("--from", dest="from_")
    for name in ("table", "max-rows", "max-bytes", "rate"):
        parser.add_argument("--" + name, action="append")
    parser.add_argument("--fixed", type=int)
    parser.add_argument("--pack", choices=["next", "best"], default="next")
    parser.add_argument("--unplanned", choices=["drop", "keep"], default="drop")
    parser.add_argument("--by-day", nargs="?", const="auto", choices=["auto", "name", "time"])
    parser.add_argument("--format", choices=["csv", "tsv"])
    parser.add_argument("--compress", choices=["none", "gz", "zst"])
    for name in ("keep", "exclude-weekends", "sorted", "presplit", "force", "verify"):
        parser.add_argument("--" + name, action="store_true")
    for name in ("output", "workers", "buffer"):
        parser.add_argument("--" + name)
    return parser.parse_args(words)


def main():
    verb, where_, words = sys.argv[1], sys.argv[2], sys.argv[3:]
    options = parse_options(words)
    if verb == "expect":
        expect(Job(options), where_)
        return 0
    assert verb == "compare", verb
    try:
        judge = Judge(Job(options, where_), where_)
    except OSError as error:
        print(error)
        return 1
    if judge.check():
        return 0
    for text in judge.bad[:20]:
        print(text)
    print("%d differences in %s" % (len(judge.bad), where_))
    return 1


if __name__ == "__main__":
    sys.exit(main())
