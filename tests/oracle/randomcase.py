#!/usr/bin/env python3
"""Makes one small, awkward input for the preprocessing job.

    randomcase.py SEED DIR

writes DIR/in/part-NNNNN.csv[.gz] and DIR/args: one line of options (no word
needs quoting) for both the oracle and the job.  The same seed gives the same
bytes.  The train split is never empty.
"""

import datetime
import gzip
import os
import random
import sys

sys.dont_write_bytecode = True
import oracle  # noqa: E402  (a file beside this one)

TEXT_KEYS = ["a", "A", "b,c", 'say "hi"', "two\nlines", "two\r\nlines", "tab\there", " a", "Zoë", "a\\n", "nan", "NA"]
ZERO_KEYS = ["007", "7", "07", "70", "0", "00", "nan"]
NUMBER_KEYS = ["7", "70", "0", "12", "-3", "12.5", "1e3"]
TOKENS = ["nan", "NaN", "NAN", "NA", "N/A", "n/a", "null", "NULL", "<NA>", "#N/A"]
NUMBER_LABELS = ["0", "1", "1.0", "0", "1", "2.00", "-1", "12"]
TEXT_LABELS = ["fraud", "ok", "Ok", "1", "0", "10", "chargeback, won", 'so-called "ok"', "naïve", "NA", "a\\b", "1.0"]
PEOPLE = ["Ann", "Bob, Jr.", 'Eve "E" X', "O'Neil", "Zoë", "two\nlines", "two\r\nlines", " ", "x|y", "NA", "-", ";"]
NAMES = [name.decode() for name in oracle.NAME_COLUMNS]
FILLERS = ["", "", "0", "007", "x", "naïve café", "£12", "日本語", "a,b", '"q"', "line\nbreak", "NA", "\U0001f600", "\\", "1e5"]
SAID_BY_QUOTES = ',"\r\n'

NO_TIMES = ["nan", "NaT", "soon", "2024-13-01", "2023-02-29", "12:00:00", "1.5", " ", "0000-01-01", "2024-01-01 "]

SECOND = 10**9
# 0001-01-03, 1601-01-01, 1969-12-31, 1970-01-01, 2000-03-01, 2010-12-01, 2012-02-27, 2100-01-01, 9999-01-01
STARTS = [-62135424000, -11644473600, -86400, 0, 951868800, 1291161600, 1330300800, 4102444800, 253370764800]
FINE = ("fraction", "mixed", "zoned fraction")  # styles with fractions of a second


class Options:
    """The options that the generated line sets, with the job's defaults."""

    job_type = "training"
    label = None
    time = None
    key = None
    null_key = "keep"
    ties = "all"
    train_ratio = 0.7
    test_val_ratio = 0.5
    context = None
    missing_time = None
    split = "temporal"
    dedup = "yes"


def likely(rng, chance):
    return rng.random() < chance


def some(rng, values, least):
    """A few of the values, at least `least`, in random order."""
    return rng.sample(values, rng.randint(least, len(values)))


def field(rng, value, quotes=0.15):
    """A value as it stands in the file: quoted where it must be, and now and then where it need not."""
    if any(mark in value for mark in SAID_BY_QUOTES) or likely(rng, quotes):
        return '"' + value.replace('"', '""') + '"'
    return value


def missing(rng):
    return rng.choice(["", "", '""'])


# Columns.  Each maker returns a function (shard index) -> field as it stands in the file.


def iso(rng, instant, style):
    """One way to write an instant (ns since 1970); the styles differ, the instants do not."""
    offset = 0
    zone = ""
    if style.startswith("zoned"):
        offset = rng.choice([0, 0, 60, -300, 330, -570, 840])
        sign = "-" if offset < 0 else "+"
        hours, minutes = divmod(abs(offset), 60)
        forms = ["%s%02d:%02d" % (sign, hours, minutes), "%s%02d%02d" % (sign, hours, minutes)]
        if minutes == 0:
            forms.append("%s%02d" % (sign, hours))
        if offset == 0:
            forms.append("Z")
        zone = rng.choice(forms)
    seconds, nanoseconds = divmod(instant, SECOND)
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds + offset * 60)
    day, clock = moment.isoformat().split("T")
    if style == "date" or (style == "mixed" and clock == "00:00:00" and not nanoseconds and likely(rng, 0.5)):
        return day
    join = {"space": " ", "t": "T"}.get(style) or rng.choice(" T")
    fraction = ""
    if nanoseconds or (style in FINE and likely(rng, 0.3)):
        digits = ("%09d" % nanoseconds).rstrip("0")
        fraction = "." + (digits + "0" * rng.randint(0, 9 - len(digits)) or "0")
    return day + join + clock + fraction + zone


def instants(rng, style):
    """A sorted pool of instants; a small one makes many equal times."""
    step = 86400 if style == "date" else rng.choice([1, 60, 86400])
    starts = rng.choice([[start] for start in STARTS] * 2 + [STARTS])
    size = rng.choice([2, 3, 5, 8, 40, 40])
    pool = []
    for _ in range(size):
        instant = (rng.choice(starts) + rng.randint(0, 2 * size) * step) * SECOND
        if style in FINE and likely(rng, 0.6):
            instant += rng.choice([1, 2, 1000, 500000000, 500000001, 500001000, 120000000, 999999999])
        pool.append(instant)
    return sorted(pool)


def time_maker(rng, shards, options):
    style = rng.choice(
        ["date", "space", "space", "t", "fraction", "mixed", "zoned", "zoned fraction", "epoch", "small epoch"]
    )
    pool = instants(rng, style)
    by_shard = likely(rng, 0.4)  # later shards hold later times
    # The year 1 or 9999 in nanoseconds is beyond 64 bits.
    unit = rng.choice([SECOND, 10**6, 10**3] + ([1] if abs(pool[0]) < 2**62 > abs(pool[-1]) else []))

    rate = 0
    if likely(rng, 0.3):
        rate = rng.choice([0, 0.1, 0.4, 1])
        options.missing_time = rng.choice(["train", "val", "test", "drop", "drop", "drop"])

    def make(shard):
        if likely(rng, rate):
            return missing(rng) if likely(rng, 0.5) else field(rng, rng.choice(NO_TIMES))
        low, high = 0, len(pool)
        if by_shard:
            low = len(pool) * shard // shards
            high = max(low + 1, len(pool) * (shard + 1) // shards)
        instant = rng.choice(pool[low:high])
        if style == "epoch":
            text = str(instant // unit)
        elif style == "small epoch":
            text = str(pool.index(instant) - 1)
        else:
            text = iso(rng, instant, style)
        return field(rng, text, 0.1)

    return make


def key_maker(rng):
    style = rng.choice(["text", "text", "zeros", "numbers", "numbers with tokens", "many", "many"])
    rate = rng.choice([0, 0.1, 0.4])
    if style == "text":
        pool = some(rng, TEXT_KEYS, 3)
    elif style == "zeros":
        pool = some(rng, ZERO_KEYS, 3) + ["007"]
    elif style == "many":
        pool = ["C%d" % number for number in range(rng.choice([12, 30, 500]))]
    else:
        pool = some(rng, NUMBER_KEYS, 2)
    if style == "numbers with tokens":
        pool += some(rng, TOKENS, 1)[:3]

    def make(_):
        return missing(rng) if likely(rng, rate) else field(rng, rng.choice(pool), 0.25)

    return make


def label_maker(rng, shards):
    style = rng.choice(["integers", "numbers", "numbers with tokens", "text", "text", "text in one shard"])
    rate = rng.choice([0, 0, 0.1, 0.4])
    lone = rng.randrange(shards)

    def make(shard):
        if likely(rng, rate):
            return missing(rng)
        pool = ["0", "1"]
        if style in ("numbers", "numbers with tokens"):
            pool = NUMBER_LABELS
        if style == "numbers with tokens" and likely(rng, 0.2):
            pool = TOKENS
        if style == "text" or (style == "text in one shard" and shard == lone):
            pool = TEXT_LABELS
        return field(rng, rng.choice(pool), 0.2)

    return make


def person_maker(rng):
    rate = rng.choice([0.1, 0.4])
    return lambda _: missing(rng) if likely(rng, rate) else field(rng, rng.choice(PEOPLE))


def filler_maker(rng):
    pool = some(rng, FILLERS, 2)
    if likely(rng, 0.2):
        pool = [""]
    return lambda _: field(rng, rng.choice(pool), 0.1)


# The case


def make_columns(rng, shards, options):
    """Returns [(name in the header, maker)] and sets the options that name columns."""
    columns = []

    where = rng.choice(["orderDate", "orderDate", "transactionDate", "both", "named", "other of both"])
    times = time_maker(rng, shards, options)
    junk = filler_maker(rng)
    if where in ("orderDate", "transactionDate"):
        columns.append((where, times))
        if likely(rng, 0.3):
            options.time = where
    elif where == "both":
        columns += [("transactionDate", times), ("orderDate", junk)]
    elif where == "other of both":
        columns += [("transactionDate", junk), ("orderDate", times)]
        options.time = "orderDate"
    else:
        columns.append(("event__DOT__time", times))
        options.time = "event.time"

    where = rng.choice(["customerId", "customerId", "customerId", "named", "none", "unused"])
    if where == "named":
        columns.append(("customer__DOT__id", key_maker(rng)))
        options.key = "customer.id"
    elif where != "none":
        columns.append(("customerId", key_maker(rng)))
        options.key = "none" if where == "unused" else rng.choice([None, "customerId"])

    if likely(rng, 0.75):
        name = rng.choice(["label", "label", "isFraud", "order__DOT__label"])
        columns.append((name, label_maker(rng, shards)))
        options.label = name.replace("__DOT__", ".")

    names = rng.choice([NAMES, NAMES, NAMES[:3], NAMES[1:], []])
    columns += [(name, person_maker(rng)) for name in names]
    extras = ["Größe", "Unit__DOT__Price", "a__DOT__b__DOT__c", "note", "__DOT__", "amount (£)", "x, y", "Label"]
    columns += [(name, filler_maker(rng)) for name in some(rng, extras, 0)[:3]]

    rng.shuffle(columns)
    if likely(rng, 0.25):
        columns.insert(0, ("", lambda _: missing(rng)) if likely(rng, 0.3) else ("empty", lambda _: ""))
    return columns


def encode(rng, records, end, wide):
    """The bytes of one file: line ends, byte order mark, and how the file closes."""
    text = "".join(",".join(record) + end for record in records)
    if wide and likely(rng, 0.1):
        text += end * rng.randint(1, 2)
    elif likely(rng, 0.3) and text != end:
        text = text[: -len(end)]
    data = text.encode()
    return oracle.BOM + data if likely(rng, 0.25) else data


def compress(rng, data):
    """One gzip member, or now and then two."""
    cut = rng.randint(0, len(data)) if likely(rng, 0.3) else len(data)
    members = [data[:cut]] + ([data[cut:]] if cut < len(data) else [])
    return b"".join(gzip.compress(member, mtime=0) for member in members)


def make_ratios(rng, rows, options):
    """Ratios, often such that a cutoff's index sits where rounding decides."""
    if likely(rng, 0.8):
        options.train_ratio = rng.choice([0.1, 0.29, 0.5, 0.55, 0.57, 0.58, 0.7, 0.8, 0.9, 0.999])
        if rows > 1 and likely(rng, 0.4):
            options.train_ratio = rng.randint(1, rows - 1) / rows
    if likely(rng, 0.6):
        options.test_val_ratio = rng.choice([0.0, 1.0, 0.1, 0.3, 0.5, 0.66, 0.9])
        if rows > 1 and likely(rng, 0.3):
            options.test_val_ratio = rng.randint(1, rows) / rows


def make_case(rng):
    """Returns ([(file name, plain content, bytes to write)], options)."""
    options = Options()
    shards = rng.choice([1, 2, 3, 4, 5, 6, 6])
    columns = make_columns(rng, shards, options)
    if likely(rng, 0.75):
        options.null_key = rng.choice(["keep", "drop", "drop"])
    if likely(rng, 0.25):
        options.split = "none"
    if likely(rng, 0.15):
        options.dedup = "no"
    if likely(rng, 0.6):
        options.ties = rng.choice(["all", "one"])

    zipped = rng.choice(["none", "none", "all", "some"])
    ends = rng.choice([["\n"], ["\n"], ["\r\n"], ["\n", "\r\n"]])
    digits = "%d" if likely(rng, 0.1) else "%05d"
    header = [field(rng, name, 0) for name, _ in columns]
    files = []
    number = rng.choice([0, 0, 1, 7])
    total = 0
    for shard in range(shards):
        rows = rng.choice([0, 1, 1, 2, 3, 5, 8, 10, 12])
        total += rows
        records = [header] + [[make(shard) for _, make in columns] for _ in range(rows)]
        data = encode(rng, records, rng.choice(ends), len(columns) > 1)
        gz = zipped == "all" or (zipped == "some" and likely(rng, 0.5))
        name = "part-" + digits % number + ".csv" + (".gz" if gz else "")
        files.append((name, data, compress(rng, data) if gz else data))
        number += rng.choice([1, 1, 1, 2, 9, 40, 1000])
    if likely(rng, 0.1):  # no shards, by their names
        files += [("_SUCCESS", b"", b""), (".part-00000.csv", b"half a r", b"half a r")]
    make_ratios(rng, total, options)
    return files, options


def well_posed(files, options):
    """Does the case have an answer that the job's rules leave no doubt about?"""
    shards = oracle.read_shards([(name, data) for name, data, _ in files])
    for name in [options.label, options.key or "customerId", *NAMES]:
        if name and name.encode() in shards[0].names:
            values = {value for value in oracle.over_all(shards, name.encode()) if value}
            # Nothing but NA tokens: neither numbers nor text.
            if values and all(map(oracle.is_token, values)):
                return False
    if not any(shard.rows for shard in shards):
        return False
    if options.missing_time and options.split == "none":
        if options.dedup == "no" or not oracle.key_column(shards[0].names, options.key):
            return False  # no time is read: wrong usage
    try:
        oracle.preprocess(shards, options)
    except ValueError as error:
        if str(error) not in ("the train split is empty", "no time at all"):
            raise
        return False
    return True


def words(options):
    """The options that differ from the defaults, and some that do not."""
    line = []
    for name in ("label", "time", "key", "null_key", "ties", "train_ratio", "test_val_ratio", "missing_time", "split",
                 "dedup"):
        if name in vars(options):
            value = getattr(options, name)
            if value is not None:
                line += ["--" + name.replace("_", "-"), repr(value) if isinstance(value, float) else value]
    return line


def main():
    seed, directory = int(sys.argv[1]), sys.argv[2]
    rng = random.Random(seed)
    files, options = make_case(rng)
    while not well_posed(files, options):
        files, options = make_case(rng)

    os.makedirs(os.path.join(directory, "in"))
    for name, _, data in files:
        with open(os.path.join(directory, "in", name), "wb") as file:
            file.write(data)
    with open(os.path.join(directory, "args"), "w") as file:
        file.write(" ".join(words(options)) + "\n")


if __name__ == "__main__":
    main()
