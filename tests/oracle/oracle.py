#!/usr/bin/env python3
"""What the preprocessing job must write, worked out the slow and simple way.

Everything is held in memory and nothing is shared with the programs under
test.  Fields are cut out of the files as bytes and never rewritten, so that
the expected output can be compared byte for byte.  Invalid input raises.

    oracle.py --job-type training|validation --input DIR --expect DIR
              [--label COL] [--time COL] [--key COL|none]
              [--null-key keep|drop] [--ties all|one]
              [--train-ratio R] [--test-val-ratio R] [--context DIR]
              [--missing-time train|val|test|drop] [--split temporal|none]
              [--dedup yes|no]

EXPECT receives <split>/part-NNNNN.<ext> (never compressed), _account.tsv and,
in training, split.tsv and, where labels are text, labels.tsv.
"""

import argparse
import datetime
import fractions
import gzip
import os
import re
import sys
from collections import Counter

BOM = b"\xef\xbb\xbf"
NAME_COLUMNS = (b"emailAddress", b"billingAddressName", b"customerName", b"paymentAccountHolderName")
TIME_COLUMNS = (b"transactionDate", b"orderDate")
KEY_COLUMN = b"customerId"
SPLITS = ("train", "val", "test")

# The tokens that pandas reads as missing; `nan` counts in any case.
NA_TOKENS = frozenset(
    b"#N/A|#N/A N/A|#NA|-1.#IND|-1.#QNAN|-NaN|-nan|1.#IND|1.#QNAN|<NA>|N/A|NA|NULL|NaN|None|n/a|nan|null".split(b"|")
)

SHARD_NAME = re.compile(r"part-([0-9]+)[^.]*\.(csv|tsv)(\.gz)?")
NUMBER = re.compile(rb"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
INFINITY = re.compile(rb"[+-]?inf", re.IGNORECASE)
INTEGER = re.compile(rb"-?(0|[1-9][0-9]*)")
ODD_START = re.compile(rb"\+|-?0[0-9]")  # a plus sign or a leading zero makes a column text
TIME = re.compile(
    rb"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    rb"(?:[T ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?"
    rb"(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
)


# Files and rows


class Shard:
    """One input file: its raw fields, with the header's names beside them."""

    def __init__(self, number, ext, header, rows, separator):
        self.number = number
        self.ext = ext
        self.header = [field.replace(b"__DOT__", b".") for field in header]
        self.names = [dequote(field) for field in self.header]
        self.rows = rows
        self.separator = separator
        if len(set(self.names)) != len(self.names):
            raise ValueError("shard %d: two columns have one name" % number)

    def column(self, name):
        """The column's values without their quotes, one per row."""
        at = self.names.index(name)
        return [dequote(row[at]) for row in self.rows]

    def line(self, fields):
        return self.separator.join(fields) + b"\n"


def records(data, separator):
    """Cuts data into records, each a list of fields with the bytes they have in the file."""
    if b"\0" in data:
        raise ValueError("NUL byte")
    if data.startswith(BOM):
        data = data[len(BOM):]
    field = re.compile(rb'"[^"]*(?:""[^"]*)*"|[^"\r\n' + re.escape(separator) + rb"]*")
    found = []
    record = []
    at = 0
    while at < len(data) or record:
        match = field.match(data, at)
        record.append(match.group())
        at = match.end()
        if data.startswith(separator, at):
            at += 1
            continue
        if data.startswith(b"\r\n", at):
            at += 2
        elif data.startswith(b"\n", at):
            at += 1
        elif at < len(data):
            raise ValueError("stray quote, open quote or bare CR at byte %d" % at)
        found.append(record)
        record = []
    return found


def dequote(field):
    if field.startswith(b'"'):
        return field[1:-1].replace(b'""', b'"')
    return field


def header_separator(data):
    """The separator that a file's header line shows."""
    line = data.split(b"\n", 1)[0]
    shown = [separator for separator in (b",", b"\t", b";", b"|") if separator in line]
    return shown[0] if shown else b","


def read_shards(files):
    """files: (name, decompressed content) pairs.  Returns shards in number order."""
    known = []
    for name, data in files:
        match = SHARD_NAME.fullmatch(name)
        if match:
            known.append((int(match.group(1)), match.group(2), data))
    known.sort(key=lambda shard: shard[0])
    numbers = [number for number, _, _ in known]
    if not known or len(set(numbers)) != len(numbers):
        raise ValueError("no shard, or two shards with one number")

    separators = {"tsv": b"\t"}
    shards = []
    for number, ext, data in known:
        separator = separators.setdefault(ext, header_separator(data))
        found = records(data, separator)
        if not found:
            raise ValueError("shard %d is empty" % number)
        header, rows = found[0], found[1:]
        if len(header) > 1:
            while rows and rows[-1] == [b""]:
                rows.pop()
        for row in rows:
            if len(row) != len(header):
                raise ValueError("shard %d has a ragged row: %r" % (number, row))
        shards.append(Shard(number, ext, header, rows, separator))
        if shards[-1].names != shards[0].names:
            raise ValueError("shard %d has another header" % number)
    return shards


def read_directory(path):
    files = []
    for name in os.listdir(path):
        if not SHARD_NAME.fullmatch(name):
            continue
        with open(os.path.join(path, name), "rb") as file:
            data = file.read()
        files.append((name, gzip.decompress(data) if name.endswith(".gz") else data))
    return files


# Values


def is_number(value):
    return bool(NUMBER.fullmatch(value) or INFINITY.fullmatch(value))


def is_token(value):
    return value in NA_TOKENS or value.lower() == b"nan"


def parse_time(value):
    """Returns (kind, instant): kind epoch, plain or zoned; ISO instants in ns since 0001-01-01."""
    if INTEGER.fullmatch(value):
        return "epoch", int(value)
    match = TIME.fullmatch(value)
    if not match:
        raise ValueError("not a time: %r" % value)
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    hour, minute, second = (int(part or 0) for part in (hour, minute, second))
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError("not a time: %r" % value)
    days = datetime.date(int(year), int(month), int(day)).toordinal() - 1
    seconds = days * 86400 + hour * 3600 + minute * 60 + second
    if zone and zone != b"Z":
        digits = zone[1:].replace(b":", b"").ljust(4, b"0")
        offset = int(digits[:2]) * 3600 + int(digits[2:]) * 60
        seconds -= -offset if zone.startswith(b"-") else offset
    nanoseconds = int((fraction or b"").ljust(9, b"0"))
    return "zoned" if zone else "plain", seconds * 10**9 + nanoseconds


def format_time(kind, instant):
    if instant == float("inf"):
        return "inf"
    if kind == "epoch":
        return str(instant)
    seconds, nanoseconds = divmod(instant, 10**9)
    moment = datetime.datetime(1, 1, 1) + datetime.timedelta(seconds=seconds)
    text = moment.isoformat(" ")
    if nanoseconds:
        text += (".%09d" % nanoseconds).rstrip("0")
    return text + ("+00:00" if kind == "zoned" else "")


def times_of(values, missing_time=None):
    """Parses a whole column: (kind, instants).  Kinds do not mix.

    With missing_time, what is no time has the instant None.
    """
    parsed = []
    for value in values:
        try:
            parsed.append(parse_time(value))
        except ValueError:
            if missing_time is None:
                raise
            parsed.append((None, None))
    kinds = {kind for kind, _ in parsed} - {None}
    if len(kinds) > 1:
        raise ValueError("different kinds of time: %s" % sorted(kinds))
    if not kinds and missing_time is None:
        raise ValueError("no time at all")
    return kinds.pop() if kinds else None, [instant for _, instant in parsed]


def tokens_are_missing(values):
    """The rule for one column: NA tokens are missing where all else is numbers, or all else is times."""
    others = [value for value in values if value and not is_token(value)]
    if all(is_number(value) and not ODD_START.match(value) for value in others):
        return True
    try:
        times_of(others)
        return True
    except ValueError:
        return False


def missing_test(values):
    """Returns the function that says whether a value of this column is missing."""
    if tokens_are_missing(values):
        return lambda value: not value or is_token(value)
    return lambda value: not value


def integer_label(value):
    """A numeric label as it is written: canonical integers as they are, 1.0 as 1."""
    if INTEGER.fullmatch(value):
        return value
    if not NUMBER.fullmatch(value) or ODD_START.match(value):
        raise ValueError("not a label that this oracle knows: %r" % value)
    number = fractions.Fraction(value.rstrip(b".").decode())
    if number.denominator != 1:
        raise ValueError("not a whole number: %r" % value)
    return b"%d" % number.numerator


def escape(value):
    for plain, written in ((b"\\", b"\\\\"), (b"\t", b"\\t"), (b"\n", b"\\n"), (b"\r", b"\\r")):
        value = value.replace(plain, written)
    return value


def unescape(value):
    letters = {b"\\": b"\\", b"t": b"\t", b"n": b"\n", b"r": b"\r"}
    return re.sub(rb"\\(.)", lambda match: letters[match.group(1)], value)


# The job


class Result:
    def __init__(self):
        self.files = {}  # path below EXPECT -> bytes
        self.account = Counter()  # (shard, kind, name) -> rows
        self.rows = Counter()  # split -> rows
        self.shards = Counter()  # split -> shards with at least one row


class Labels:
    """Which labels are missing, and what the others become."""

    def __init__(self, missing, codes):
        self.missing = missing
        self.codes = codes  # None where all labels are numbers

    def written(self, value):
        return integer_label(value) if self.codes is None else b"%d" % self.codes[value]


def labels_from(values):
    missing = missing_test(values)
    present = {value for value in values if not missing(value)}
    if all(is_number(value) for value in present):
        return Labels(missing, None)
    return Labels(missing, {value: code for code, value in enumerate(sorted(present))})


def labels_from_context(context):
    if context is None:
        return Labels(lambda value: not value, None)
    path = os.path.join(context, "labels.tsv")
    lines = []
    if os.path.exists(path):
        with open(path, "rb") as file:
            lines = file.read().split(b"\n")[1:-1]
    if not lines:
        return Labels(lambda value: not value or is_token(value), None)
    pairs = [line.split(b"\t") for line in lines]
    return Labels(lambda value: not value, {unescape(label): int(code) for label, code in pairs})


def labels_table(codes):
    pairs = sorted(codes.items(), key=lambda pair: pair[1])
    return b"label\tcode\n" + b"".join(b"%s\t%d\n" % (escape(label), code) for label, code in pairs)


def text_field(values, separator):
    text = b"|".join(value or b"[MISSING]" for value in values)
    if any(special in text for special in (separator, b'"', b"\n", b"\r")):
        return b'"' + text.replace(b'"', b'""') + b'"'
    return text


def over_all(shards, name):
    """The column of all shards, one list."""
    return [value for shard in shards for value in shard.column(name)]


def one_of(names, wanted, what):
    """The column that an option names (it must exist)."""
    if wanted.encode() not in names:
        raise ValueError("no column for the %s: %s" % (what, wanted))
    return wanted.encode()


def time_column(names, wanted):
    if wanted is not None:
        return one_of(names, wanted, "time")
    return next(name for name in TIME_COLUMNS if name in names)


def key_column(names, wanted):
    if wanted == "none":
        return None
    if wanted is not None:
        return one_of(names, wanted, "key")
    return KEY_COLUMN if KEY_COLUMN in names else None


def cutoffs(instants, train_ratio, test_val_ratio):
    """The two cutoffs over all rows, in the arithmetic of IEEE doubles."""
    ordered = sorted(instant for instant in instants if instant is not None)
    n = len(ordered)
    first = int(n * train_ratio)
    second = first + int(n * ((1 - train_ratio) * test_val_ratio))
    return tuple(ordered[index] if index < n else float("inf") for index in (first, second))


def duplicates(keys, missing, instants, ties):
    """One flag per row: is it a later occurrence of its key?  Rows come in (shard, row) order.

    A row without a key or without a time is no occurrence.
    """
    earliest = {}
    occurs = [not missing(key) and instant is not None for key, instant in zip(keys, instants)]
    for key, instant, counts in zip(keys, instants, occurs):
        if counts and instant < earliest.get(key, float("inf")):
            earliest[key] = instant
    flags = []
    kept = set()
    for key, instant, counts in zip(keys, instants, occurs):
        late = counts and (instant != earliest[key] or (ties == "one" and key in kept))
        if counts and not late:
            kept.add(key)
        flags.append(late)
    return flags


def preprocess(shards, options):
    """Runs the job over shards; options has the attributes that the command line gives."""
    result = Result()
    names = shards[0].names
    training = options.job_type == "training"
    label = one_of(names, options.label, "label") if options.label else None
    fates = []  # per row of all shards: (drop reason or None, split)

    labels = None
    if label is not None:
        labels = labels_from(over_all(shards, label)) if training else labels_from_context(options.context)
    with_text = all(name in names for name in NAME_COLUMNS)
    if with_text and b"text" in names:
        raise ValueError("there is a column `text` already")

    if training:
        if labels and labels.codes is not None:
            result.files["labels.tsv"] = labels_table(labels.codes)
        key = key_column(names, options.key)
        keys = over_all(shards, key) if key else [b""] * sum(len(shard.rows) for shard in shards)
        key_missing = missing_test(keys)
        dedup = key is not None and options.dedup == "yes"

        late = [False] * len(keys)
        instants = [None] * len(keys)
        timed = options.split == "temporal"
        if timed or dedup:
            time = time_column(names, options.time)
            kind, instants = times_of(over_all(shards, time), options.missing_time)
        if timed and kind is None:
            raise ValueError("no time at all")
        if timed:
            first, second = cutoffs(instants, options.train_ratio, options.test_val_ratio)
            if not any(instant is not None and instant < first for instant in instants):
                raise ValueError("the train split is empty")  # whatever --missing-time brings there
            facts = (
                ("time_column", escape(time).decode()),
                ("train_cutoff", format_time(kind, first)),
                ("test_cutoff", format_time(kind, second)),
                ("rows", str(sum(instant is not None for instant in instants))),
            )
            table = "name\tvalue\n" + "".join("%s\t%s\n" % fact for fact in facts)
            result.files["split.tsv"] = table.encode()
        if dedup:
            late = duplicates(keys, key_missing, instants, options.ties)
        for row, instant in enumerate(instants):
            reason = None
            if not timed:
                split = "train"
            elif instant is None:
                split = options.missing_time
            else:
                split = "train" if instant < first else "val" if instant < second else "test"
            if dedup and options.null_key == "drop" and key_missing(keys[row]):
                reason = "missing-key"
            elif key and not dedup and options.null_key == "drop" and not keys[row]:
                reason = "filtered"  # nothing was learned of the keys
            elif late[row]:
                reason = "duplicate"
            elif (timed or dedup) and instant is None and options.missing_time == "drop":
                reason = "missing-time"
            fates.append((reason, split))
    else:
        fates = [(None, options.job_type)] * sum(len(shard.rows) for shard in shards)

    position = iter(fates)
    for shard in shards:
        number = "%05d" % shard.number
        header = list(shard.header) + ([b"text"] if with_text else [])
        outputs = {}
        if not training:
            outputs[options.job_type] = []
            result.account[number, "out", options.job_type] = 0
        result.account[number, "in", "-"] = len(shard.rows)
        for row in shard.rows:
            reason, split = next(position)
            values = [dequote(field) for field in row]
            fields = list(row)
            if label is not None:
                at = names.index(label)
                if labels.missing(values[at]):
                    reason = "missing-label"
                else:
                    fields[at] = labels.written(values[at])
            if reason:
                result.account[number, "drop", reason] += 1
                continue
            if with_text:
                fields.append(text_field([values[names.index(name)] for name in NAME_COLUMNS], shard.separator))
            outputs.setdefault(split, []).append(shard.line(fields))
            result.account[number, "out", split] += 1
            result.rows[split] += 1
        for split, lines in outputs.items():
            path = "%s/part-%s.%s" % (split, number, shard.ext)
            result.files[path] = shard.line(header) + b"".join(lines)
            result.shards[split] += bool(lines)

    if training and not result.rows["train"]:
        raise ValueError("the train split is empty")
    lines = ["\t".join((*place, str(rows))) + "\n" for place, rows in sorted(result.account.items())]
    result.files["_account.tsv"] = ("shard\tkind\tname\trows\n" + "".join(lines)).encode()
    return result


def arguments(argv):
    parser = argparse.ArgumentParser(description="the expected output of the preprocessing job")
    parser.add_argument("--job-type", required=True, choices=("training", "validation", "testing", "calibration"))
    parser.add_argument("--input", required=True)
    parser.add_argument("--expect", required=True)
    parser.add_argument("--label")
    parser.add_argument("--time")
    parser.add_argument("--key")
    parser.add_argument("--null-key", choices=("keep", "drop"), default="keep")
    parser.add_argument("--ties", choices=("all", "one"), default="all")
    parser.add_argument("--train-ratio", type=float, default=0.7)
    parser.add_argument("--test-val-ratio", type=float, default=0.5)
    parser.add_argument("--context")
    parser.add_argument("--missing-time", choices=("train", "val", "test", "drop"))
    parser.add_argument("--split", choices=("temporal", "none"), default="temporal")
    parser.add_argument("--dedup", choices=("yes", "no"), default="yes")
    return parser.parse_args(argv)


def main():
    options = arguments(sys.argv[1:])
    result = preprocess(read_shards(read_directory(options.input)), options)
    for path, data in result.files.items():
        target = os.path.join(options.expect, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as file:
            file.write(data)
    for split in SPLITS if options.job_type == "training" else (options.job_type,):
        print("%s: %d rows in %d shards" % (split, result.rows[split], result.shards[split]))


if __name__ == "__main__":
    main()
