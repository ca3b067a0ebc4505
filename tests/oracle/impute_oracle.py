#!/usr/bin/env python3
"""What the imputation job must leave behind, worked out the slow and exact way.

Sums and quotients are fractions, all values are held in memory, and nothing
is shared with the programs under test.  Fields are cut out of the files as
bytes and never rewritten, so that every cell can be compared byte for byte.

    impute_oracle.py [--input IN] [--train DIR] [--job-type TYPE]
                     [--output OUT] [--artifacts ART]
                     [--na RULE] [--numeric S] [--text S] [--categorical S]
                     [--column NAME=S]... [--exclude A,B] [--label COL]
                     [--all-columns] [--unique-ratio R] [--indicator]
                     [--allow-na-fill] [--print]

fits on IN/train (or DIR) and compares what OUT and ART hold with what they
ought to hold; says where they differ first, and ends with 0 (equal), 1
(different), or 3 (the job ought to have refused; the reason is printed).
--print shows the expected impute.tsv and compares nothing.
"""

import argparse
import datetime
import fractions
import gzip
import json
import math
import os
import pickle
import pickletools
import re
import sys
from collections import Counter

sys.dont_write_bytecode = True
import oracle  # noqa: E402  (a file beside this one)

SPLITS = ("train", "val", "test")
NUMERIC = ("int", "float")
INFINITY = re.compile(rb"[+-]?inf(inity)?", re.IGNORECASE)
BOOL = re.compile(rb"true|false", re.IGNORECASE)
TIME = re.compile(
    rb"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    rb"(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
)
MISMATCHES = 20  # that many are told


class Refused(ValueError):
    """The job must fail; its message must name one of these columns."""

    def __init__(self, column, why):
        super().__init__("%s: %s" % (column.decode("utf-8", "replace"), why))
        self.columns = [column]


class Doubtful(ValueError):
    """The rules can be read in two ways here; random cases keep away."""


class Options:
    """What the job is told; the defaults are the job's."""

    def __init__(self, **given):
        self.na = "auto"
        self.numeric = "mean"
        self.text = "mode"
        self.categorical = None  # the text strategy
        self.column = {}  # name -> strategy, bytes and text
        self.exclude = []
        self.label = None
        self.all_columns = False
        self.unique_ratio = "0.1"
        self.indicator = False
        self.allow_na_fill = False
        vars(self).update(given)


# What a value is


def is_odd(value):
    """A number with a leading zero or a plus sign: a code, and so text."""
    return bool(oracle.ODD_START.match(value))


def is_infinite(value):
    return bool(INFINITY.fullmatch(value))


def number_kind(value):
    """int, float, odd, or None if the value is no number."""
    if oracle.INTEGER.fullmatch(value):
        return "int"
    if oracle.NUMBER.fullmatch(value):
        return "odd" if is_odd(value) else "float"
    if is_infinite(value):
        return "float"
    return None


def time_kind(value):
    """local, zoned, or None if the value is no time (epochs are ints here)."""
    match = TIME.fullmatch(value)
    if not match:
        return None
    year, month, day, hour, minute, second, zone = match.groups()
    try:
        datetime.date(int(year), int(month), int(day))
    except ValueError:
        return None
    if int(hour or 0) > 23 or int(minute or 0) > 59 or int(second or 0) > 59:
        return None
    return "zoned" if zone else "local"


def type_of(values):
    """The type of a column that holds these values (none of them missing); None without any."""
    if not values:
        return None
    kinds = {number_kind(value) for value in values}
    if kinds == {"int"}:
        return "int"
    if kinds <= {"int", "float"}:
        return "float"
    if all(BOOL.fullmatch(value) for value in values):
        return "bool"
    if {time_kind(value) for value in values} in ({"local"}, {"zoned"}):
        return "time"
    return "text"


def tokens_of(na):
    """The function that says whether a value is a token under this rule."""
    if na in ("auto", "pandas"):
        return oracle.is_token
    listed = frozenset(na.encode().split(b","))
    return lambda value: value in listed


class Column:
    """A column of the train rows: its type, and which cells are missing."""

    def __init__(self, name, values, na):
        self.name = name
        token = tokens_of(na)
        others = [value for value in values if value and not token(value)]
        self.type = type_of(others)
        self.tokens = na != "auto" or self.type != "text"
        self.is_missing = (lambda value: not value or token(value)) if self.tokens else (lambda value: not value)
        self.rows = len(values)
        self.values = [value for value in values if not self.is_missing(value)]
        self.missing = self.rows - len(self.values)
        if na == "auto" and self.type is None and any(values):
            raise Doubtful("%r holds nothing but tokens" % name)


# Fitting


class Fill:
    """How one column is filled: number is None where the value is a text."""

    def __init__(self, column, strategy, value, number=None):
        self.column = column
        self.strategy = strategy
        self.value = value
        self.number = number


def spell(number, column_type):
    """Python's repr; in a column of ints a whole number without point and exponent."""
    if column_type == "int" and number.is_integer():
        return b"%d" % int(number)
    return repr(number).encode()


def numbers_of(column):
    """The numbers to reckon with: exact integers where all fit 64 bits, else doubles."""
    if column.type == "int":
        integers = [int(value) for value in column.values]
        if all(-(2**63) <= integer < 2**63 for integer in integers):
            return integers
        if any(2**63 <= abs(integer) < 2**64 for integer in integers):
            raise Doubtful("%r: do unsigned 64 bits count" % column.name)
    numbers = [float(value) for value in column.values]
    for value, number in zip(column.values, numbers):
        if math.isinf(number) and (not is_infinite(value) or value.startswith(b"+")):
            raise Doubtful("%r: %r is infinite, or odd" % (column.name, value))
    return numbers


def mean(column):
    numbers = numbers_of(column)
    if any(math.isinf(number) for number in numbers):
        raise Refused(column.name, "mean of infinite values")
    total = sum(map(fractions.Fraction, numbers))
    result = float(total / len(numbers))
    if result == 0 and total < 0:
        raise Doubtful("%r: the mean is a negative zero" % column.name)
    return result


def median(column):
    ordered = sorted(numbers_of(column))
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    if math.isinf(low) or math.isinf(high):
        raise Doubtful("%r: the median is infinite" % column.name)
    middle = fractions.Fraction(low) + fractions.Fraction(high)
    result = float(middle / 2)
    zeros = [number for number in ordered if number == 0]
    if result == 0 and (middle < 0 or any(math.copysign(1, zero) < 0 for zero in zeros)):
        raise Doubtful("%r: the sign of a zero" % column.name)
    return result


def mode(values):
    """The most frequent value; of several, the smallest in byte order."""
    counts = Counter(values)
    most = max(counts.values())
    return min(value for value, count in counts.items() if count == most)


def is_categorical(column, ratio):
    return fractions.Fraction(len(set(column.values)), len(column.values)) < fractions.Fraction(ratio)


def constant_number(column, text):
    if not oracle.NUMBER.fullmatch(text.encode()) or is_odd(text.encode()):
        raise Refused(column.name, "constant %r is no number" % text)
    return float(text)


def choose(column, options):
    """The strategy for this column: (word, constant or None)."""
    own = options.column.get(column.name)
    if own is not None:
        strategy = own
    elif column.type in NUMERIC or column.type is None:
        strategy = options.numeric
    elif column.type == "text":
        categorical = options.categorical or options.text
        strategy = options.text
        if categorical != options.text and is_categorical(column, options.unique_ratio):
            strategy = categorical
    else:
        strategy = "mode"
    word, colon, constant = strategy.partition(":")
    return word, constant if colon else None


def fit_column(column, options):
    word, constant = choose(column, options)
    if column.type in NUMERIC:
        if word == "mean":
            number = mean(column)
        elif word == "median":
            number = median(column)
        elif word == "constant":
            number = constant_number(column, constant or "0")
        else:
            raise Doubtful("%r: %s of numbers" % (column.name, word))
        return Fill(column, word, spell(number, column.type), number)

    if column.type is None:
        if word in ("mean", "median"):
            return Fill(column, word, b"0.0", 0.0)
        if word == "mode":
            return Fill(column, word, b"Unknown")
        raise Doubtful("%r: %s, and no value at all" % (column.name, word))

    if word in ("mean", "median"):
        raise Refused(column.name, "%s of %s" % (word, column.type))
    if word == "mode":
        value = mode(column.values)
    elif word == "constant":
        value = ("Unknown" if constant is None else constant).encode()
    elif column.type == "text":
        return Fill(column, word, b"")
    else:
        raise Doubtful("%r: %s of %s" % (column.name, word, column.type))
    if not options.allow_na_fill and not value:
        raise Refused(column.name, "the fill value is empty")
    if not options.allow_na_fill and oracle.is_token(value):
        if options.na not in ("auto", "pandas") and not tokens_of(options.na)(value):
            raise Doubtful("%r: %r is no token of the list" % (column.name, value))
        raise Refused(column.name, "the fill value %r reads as missing" % value)
    if not options.allow_na_fill and tokens_of(options.na)(value):
        raise Refused(column.name, "the fill value %r is a token of the list" % value)
    return Fill(column, word, value)


class Fit:
    """All that train says: a Column for each of the table's, a Fill for each that is fitted."""

    def __init__(self, shards, options):
        names = shards[0].names
        if not any(shard.rows for shard in shards):
            raise Refused(b"train", "no row in train")
        asked = [(name.encode(), "exclude") for name in options.exclude]
        asked += [(name, "column") for name in options.column]
        asked += [(options.label.encode(), "label")] if options.label else []
        for name, what in asked:
            if name not in names:
                raise Refused(name, "no such column (--%s)" % what)
        left = {name for name, what in asked if what != "column"}
        if left & set(options.column):
            raise Doubtful("a strategy for a column that is left alone")
        self.columns = [Column(name, oracle.over_all(shards, name), options.na) for name in names]
        self.fills = []
        refused = []
        for column in self.columns:
            if column.name in left:
                continue
            if column.missing or options.all_columns:
                try:
                    self.fills.append(fit_column(column, options))
                except Refused as error:
                    refused.append(error)
            elif options.column.get(column.name, "").partition(":")[0] in ("mean", "median"):
                if column.type not in NUMERIC:
                    raise Doubtful("%r: a number's strategy, and not fitted" % column.name)
        if refused:
            refused[0].columns = [error.columns[0] for error in refused]
            raise refused[0]

    def table(self):
        """impute.tsv."""
        lines = [b"column\tstrategy\tvalue\tmissing\n"]
        for fill in self.fills:
            cells = (fill.column.name, fill.strategy.encode(), fill.value, b"%d" % fill.column.missing)
            lines.append(b"\t".join(map(oracle.escape, cells)) + b"\n")
        return b"".join(lines)


# Filling


def as_field(value, separator):
    if any(special in value for special in (separator, b'"', b"\n", b"\r")):
        return b'"' + value.replace(b'"', b'""') + b'"'
    return value


def filled(shard, fit, options):
    """The expected bytes of this shard's output."""
    header = list(shard.header)
    places = []
    for fill in fit.fills:
        if fill.column.name not in shard.names:
            continue
        at = shard.names.index(fill.column.name)
        places.append((at, fill.column.is_missing, as_field(fill.value, shard.separator)))
        if options.indicator:
            name = fill.column.name + b"_missing"
            if name in shard.names:
                raise Refused(name, "there is a column of this name")
            header.append(as_field(name, shard.separator))
        if options.na == "auto" and fill.column.type is None and any(map(oracle.is_token, shard.column(fill.column.name))):
            raise Doubtful("%r: a token, and train had no value" % fill.column.name)
    lines = [shard.line(header)]
    for row in shard.rows:
        fields = list(row)
        for at, is_missing, field in places:
            missing = is_missing(oracle.dequote(row[at]))
            if missing:
                fields[at] = field
            if options.indicator:
                fields.append(b"%d" % missing)
        lines.append(shard.line(fields))
    return b"".join(lines)


def outputs(files, fit, options):
    """Expected files of one split, of (name, content) pairs: name without codec -> (bytes, rows)."""
    return {
        "part-%05d.%s" % (shard.number, shard.ext): (filled(shard, fit, options), len(shard.rows))
        for shard in (oracle.read_shards(files) if files else [])
    }


def files_of(directory):
    return oracle.read_directory(directory) if os.path.isdir(directory) else []


# Comparing


class Report:
    def __init__(self):
        self.count = 0

    def say(self, text):
        self.count += 1
        if self.count <= MISMATCHES:
            print(text)


def load(path, report):
    """The bytes of a file, decompressed, or None (and a report) if it is not there."""
    if not os.path.exists(path):
        report.say("missing: %s" % path)
        return None
    with open(path, "rb") as file:
        data = file.read()
    return gzip.decompress(data) if path.endswith(".gz") else data


def compare_bytes(path, want, report):
    got = load(path, report)
    if got is None or got == want:
        return
    at = next((i for i, (a, b) in enumerate(zip(want, got)) if a != b), min(len(want), len(got)))
    line = want.count(b"\n", 0, at)
    wanted, found = (text.split(b"\n")[line : line + 1] for text in (want, got))
    report.say("differs: %s line %d (byte %d of %d, %d wanted)" % (path, line + 1, at, len(got), len(want)))
    report.say("  want %r" % (wanted and wanted[0][:300]))
    report.say("  got  %r" % (found and found[0][:300]))


def compare_json(path, fit, report):
    data = load(path, report)
    if data is None:
        return

    def constant(word):
        raise ValueError("%s is no number of JSON" % word)

    try:
        pairs = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=list,
            parse_int=lambda digits: ("number", digits),
            parse_float=lambda digits: ("number", digits),
            parse_constant=constant,
        )
    except ValueError as error:
        report.say("not JSON: %s: %s" % (path, error))
        return
    want = []
    for fill in fit.fills:
        value = fill.value.decode()
        want.append((fill.column.name.decode(), value if fill.number is None else ("number", value)))
    # Integers beyond 64 bits may be written as floats, for readers that have no others.
    for i, (name, value) in enumerate(pairs if type(pairs) is list else []):
        if type(value) is tuple and re.fullmatch(r"-?[0-9]{19,}\.0", value[1]) and abs(float(value[1])) >= 2.0**63:
            pairs[i] = (name, ("number", value[1][:-2]))
    if pairs != want:
        pair = next(((w, g) for w, g in zip(want, pairs) if w != g), None)
        report.say("differs: %s: want %d entries, got %d" % (path, len(want), len(pairs)))
        report.say("  want %r, got %r" % (pair or (want[-1:], pairs[-1:])))


def compare_pickle(path, fit, report):
    data = load(path, report)
    if data is None:
        return
    for opcode, _, _ in pickletools.genops(data):
        if opcode.name in ("GLOBAL", "STACK_GLOBAL", "REDUCE", "BUILD", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX"):
            report.say("%s: opcode %s" % (path, opcode.name))
            return
    got = pickle.loads(data)
    want = {
        fill.column.name.decode(): fill.value.decode() if fill.number is None else fill.number for fill in fit.fills
    }
    if data[:2] != b"\x80\x02":
        report.say("%s: not of protocol 2" % path)
    # repr tells 0.0 from -0.0, 1 from 1.0, and one order from another.
    if type(got) is not dict or repr(got) != repr(want):
        report.say("differs: %s" % path)
        report.say("  want %.600r" % want)
        report.say("  got  %.600r" % got)


def compare_schema(path, fit, report):
    """Columns, types, rows, missing; other columns of schema.tsv are not looked at."""
    data = load(path, report)
    if data is None:
        return
    lines = [line.split(b"\t") for line in data.split(b"\n")[:-1]]
    rows = [dict(zip(lines[0], line)) for line in lines[1:]]
    names = [oracle.unescape(row[b"column"]) for row in rows]
    if names != [column.name for column in fit.columns]:
        report.say("%s: other columns: %r" % (path, names))
        return
    for row, column in zip(rows, fit.columns):
        want = {b"rows": b"%d" % column.rows, b"missing": b"%d" % column.missing}
        if column.type is not None:
            want[b"type"] = column.type.encode()
            want[b"na"] = b"tokens" if column.tokens else b"empty"
        for key, value in want.items():
            if row[key] != value:
                report.say("%s: column %r: %s is %r, want %r" % (path, column.name, key.decode(), row[key], value))


def compare_artifacts(directory, fit, report, everything=True):
    compare_bytes(os.path.join(directory, "impute.tsv"), fit.table(), report)
    compare_json(os.path.join(directory, "impute_dict.json"), fit, report)
    compare_pickle(os.path.join(directory, "impute_dict.pkl"), fit, report)
    if not everything:
        return
    compare_schema(os.path.join(directory, "schema.tsv"), fit, report)
    for name in ("stats.tsv", "meta.tsv", "imputation_summary.txt"):
        if not load(os.path.join(directory, name), report):
            report.say("empty: %s" % name)
    data = load(os.path.join(directory, "imputation_report.json"), report)
    if data is not None:
        try:
            text = json.dumps(json.loads(data), ensure_ascii=False)
        except ValueError as error:
            report.say("not JSON: imputation_report.json: %s" % error)
            return
        for fill in fit.fills:
            name = json.dumps(fill.column.name.decode(), ensure_ascii=False)
            if name not in text:
                report.say("imputation_report.json says nothing of column %s" % name)


def compare_split(directory, split, want, report):
    """One split's files, their codecs aside.  Returns {path below OUT: rows}."""
    path = os.path.join(directory, split)
    found = {}
    for name in sorted(os.listdir(path)) if os.path.isdir(path) else []:
        found[name[:-3] if name.endswith(".gz") else name] = name
    if sorted(found) != sorted(want):
        report.say("%s holds %s, want %s" % (path, sorted(found), sorted(want)))
    paths = {}  # of the files that are there
    for name in sorted(set(want) & set(found)):
        compare_bytes(os.path.join(path, found[name]), want[name][0], report)
        paths["%s/%s" % (split, found[name])] = want[name][1]
    return paths


def compare_manifest(directory, paths, report):
    """_manifest.tsv names each file with its rows and bytes, and the account closes."""
    data = load(os.path.join(directory, "_manifest.tsv"), report)
    if data is None:
        return
    lines = [line.split("\t") for line in data.decode().splitlines()]
    got = {line[2]: (line[1], line[3], line[4]) for line in lines[1:]}
    want = {}
    for path, rows in paths.items():
        size = os.path.getsize(os.path.join(directory, path))
        want[path] = (path.split("/")[0], str(rows), str(size))
    if got != want:
        report.say("_manifest.tsv: %s" % sorted(set(got.items()) ^ set(want.items()))[:4])
    data = load(os.path.join(directory, "_account.tsv"), report) or b""
    sums = Counter()
    for line in data.decode().splitlines()[1:]:
        _, kind, _, rows = line.split("\t")
        sums[kind] += int(rows)
    total = sum(paths.values())
    if (sums["in"], sums["out"], sums["drop"]) != (total, total, 0):
        report.say("_account.tsv: %s, want %d rows in and out" % (dict(sums), total))
    if not os.path.exists(os.path.join(directory, "_SUCCESS")):
        report.say("missing: _SUCCESS")


# The command line


def add_options(parser):
    parser.add_argument("--na", default="auto")
    parser.add_argument("--numeric", default="mean")
    parser.add_argument("--text", default="mode")
    parser.add_argument("--categorical")
    parser.add_argument("--column", action="append", default=[])
    parser.add_argument("--exclude", default="")
    parser.add_argument("--label")
    parser.add_argument("--all-columns", action="store_true")
    parser.add_argument("--unique-ratio", default="0.1")
    parser.add_argument("--indicator", action="store_true")
    parser.add_argument("--allow-na-fill", action="store_true")


def options_from(given):
    names = vars(Options())
    options = Options(**{name: value for name, value in vars(given).items() if name in names})
    options.column = {}
    for word in given.column:
        name, _, strategy = word.partition("=")
        options.column[name.encode()] = strategy
    options.exclude = [name for name in given.exclude.split(",") if name]
    return options


def main():
    parser = argparse.ArgumentParser(description="compares an imputation with what it ought to be")
    parser.add_argument("--input")
    parser.add_argument("--train")
    parser.add_argument("--job-type", choices=("training", "validation", "testing", "calibration"), default="training")
    parser.add_argument("--output")
    parser.add_argument("--artifacts")
    parser.add_argument("--print", action="store_true")
    add_options(parser)
    given = parser.parse_args()
    options = options_from(given)

    report = Report()
    try:
        train = given.train or os.path.join(given.input, "train")
        fit = Fit(oracle.read_shards(files_of(train)), options)
        want = {}
        if given.output:
            for split in SPLITS if given.job_type == "training" else (given.job_type,):
                want[split] = outputs(files_of(os.path.join(given.input, split)), fit, options)
    except Refused as error:
        print("ought to be refused: %s" % error)
        return 3
    if given.print:
        sys.stdout.buffer.write(fit.table())
        return 0
    if given.artifacts:
        compare_artifacts(given.artifacts, fit, report, everything=bool(given.output))
    if given.output:
        paths = {}
        for split, files in want.items():
            paths.update(compare_split(given.output, split, files, report))
        compare_manifest(given.output, paths, report)
    if report.count > MISMATCHES:
        print("and %d lines more" % (report.count - MISMATCHES))
    return 1 if report.count else 0


if __name__ == "__main__":
    sys.exit(main())
