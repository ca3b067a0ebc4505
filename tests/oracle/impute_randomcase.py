#!/usr/bin/env python3
"""Makes one small, awkward input for the imputation job.

    impute_randomcase.py SEED DIR
    impute_randomcase.py --partition CASE DIR SEED...

The first form writes DIR/in/train, val and test, and beside them

    outcome      `ok`, or `refused` and names of columns of which the job's
                 message must hold one, a line each
    oracle.args  what impute_oracle.py is to be told
    job.args     the same for pipelines/impute, as far as
    job.env      it does not stand in the environment: NAME=VALUE
    stats.args   the same for shard-stats --moments
    fit.args     the same for shard-fit

where every word of the last five ends with a NUL.  The second form deals the
train rows of a CASE out to other shards in another order, and writes those
to DIR/SEED, for each SEED.  The same seed gives the same bytes.
"""

import gzip
import os
import random
import sys

sys.dont_write_bytecode = True
import impute_oracle  # noqa: E402  (files beside this one)
import oracle  # noqa: E402

TOKENS = ["nan", "NaN", "NAN", "NA", "N/A", "n/a", "null", "NULL", "<NA>", "#N/A", "None", "-1.#IND"]
TEXTS = [
    "a", "A", "b,c", 'say "hi"', "two\nlines", "two\r\nlines", "tab\there", " a", "a ", "Zoë", "a\\n", "\\", "x", "y", "0x1",
    "日本語", "\U0001f600", "-", ";", "|", "'", "#", "1 2", "NA ", "Nan?", "none", "true", "1e5", "2024-01-01", "\x7f", "=1+1",
]  # fmt: skip
NAMES = ["amount", "Status", "n1", "note", "flag", "Unit__DOT__Price", "__DOT__", "Größe", "x, y", "a b", 'the "q"', "%s", "{}",
         "$HOME", "it's", "-x", "column", "missing", "back\\slash", "Zahl", "k_2", "LONG_NAME"]  # fmt: skip
RARE_NAMES = ["tab\tbed", "new\nline", ""]
PLAIN = frozenset(["amount", "Status", "n1", "note", "flag", "Zahl", "k_2", "LONG_NAME"])  # as environment names

POOLS = {
    "ints": ["0", "1", "2", "3", "7", "10", "-1", "-5", "12", "100"],
    "big ints": ["9007199254740993", "9007199254740995", "-9007199254740993", "9223372036854775807", "1", "0",
                 "-9223372036854775808", "9007199254740992"],
    "huge ints": ["18446744073709551616", "100000000000000000000000", "-340282366920938463463374607431768211457", "7", "1"],
    "prices": ["19.99", "5.00", "0.1", "0.2", "0.3", "12", "3.5", "-4.25", "100.10", "2.675", "1.005"],
    "magnitudes": ["1e16", "1", "-1e16", "1", "1e16", "-1e16", "1e-16", "3.5"],
    "extremes": ["1.7976931348623157e308", "1.7976931348623157e308", "-1.7976931348623157e308", "5e-324", "1", "1e300", "1e-300"],
    "denormals": ["5e-324", "4.9e-324", "1e-320", "2.2250738585072014e-308", "2.225073858507201e-308", "1e-308", "3e-310"],
    "zeros": ["0.0", "-0.0", "0", "-0", "0e5", "1.5", "-1.5"],
    "spellings": [".5", "5.", "1E3", "1e+3", "-.25", "1e-3", "0.50", "1e-400", "1.50e00", "0.1e1"],
    "long decimals": ["0.1000000000000000055511151231257827021181583404541015625", "9007199254740993.0", "9007199254740992.9999999",
                      "0.30000000000000004", "2.2250738585072011e-308", "8.41e21", "9.5367431640625e-07", "1.0000000000000002"],
    "whole floats": ["1.0", "2.0", "1e22", "3e0", "123456789012345680.0"],
    "infinite": ["inf", "-inf", "1.5", "2.5", "3.5", "4.5", "5.5", "Infinity"],
    "leading zeros": ["007", "7", "042", "0", "00", "12"],
    "plus signs": ["+7", "7", "12", "+0.5"],
    "bools": ["true", "false", "True", "FALSE"],
    "dates": ["2024-01-01", "2024-02-29", "1999-12-31", "0001-01-01", "9999-12-31"],
    "local times": ["2024-01-01 00:00:00", "2024-01-01T00:00:00", "2024-01-01", "2024-02-29 23:59:59.999999999", "2024-05-05 10:30"],
    "zoned times": ["2024-01-01T00:00:00Z", "2024-01-01 01:00:00+01:00", "2024-03-31T12:00:00.5-0330", "2024-01-01 00:00:00+00"],
    "mixed zones": ["2024-01-01T00:00:00Z", "2024-01-01 00:00:00", "2024-01-02"],
    "bad dates": ["2024-02-29", "2023-02-29", "2024-13-01"],
    "text": TEXTS,
    "text and tokens": TEXTS[:8] + TOKENS,
    "categories": ["card", "cash", "b,c"],
    "numbers and text": ["1", "2", "3", "x"],
    "bools and numbers": ["true", "false", "1", "0"],
}  # fmt: skip
NUMBERS = ["ints", "big ints", "huge ints", "prices", "magnitudes", "extremes", "denormals", "zeros", "spellings", "long decimals",
           "whole floats", "infinite"]  # fmt: skip
SPOILERS = ["twelve", "007", "+5", "1_000", "1,5", "2024-01-01", "true", " 1", "0x1F", "-"]
CONSTANTS = ["0", "-1", "0.5", "1e16", "1e3", "7.0", "123456789012345678"]
FILLS = ["missing", "b,c", 'the "x"', "two\nlines", "tab\there", "Zoë", "0", "a:b", "x=y", "back\\slash", "true"]


def likely(rng, chance):
    return rng.random() < chance


def field(rng, value, separator, quotes=0.12):
    """A value as it stands in the file: quoted where it must be, and now and then where it need not."""
    if any(mark in value for mark in (separator, '"', "\r", "\n")) or likely(rng, quotes):
        return '"' + value.replace('"', '""') + '"'
    return value


class Column:
    """A column of the case: says what stands in its cell."""

    def __init__(self, rng, name, shards, na):
        self.name = name
        kind = rng.choice(NUMBERS * 2 + list(POOLS) + ["text", "categories"] * 3)
        self.kind = kind
        pool = POOLS[kind]
        least = min(3, len(pool))
        self.pool = pool if kind == "magnitudes" else rng.sample(pool, rng.randint(least, len(pool)))
        self.tokens = ([] if kind.startswith("text") else rng.sample(TOKENS, 3)) if likely(rng, 0.35) else []
        if na not in ("auto", "pandas"):
            self.tokens = na.split(",") if likely(rng, 0.5) else []
        self.rate = rng.choice([0, 0.1, 0.1, 0.4, 0.8])
        self.where = rng.choice(["anywhere"] * 5 + ["last", "others"])
        self.last = shards - 1
        if likely(rng, 0.07):
            self.where, self.rate, self.tokens = "all", 1, []
        self.spoiler = None
        if kind in NUMBERS and likely(rng, 0.12):
            self.spoiler = (rng.randrange(shards), rng.choice(SPOILERS))

    def cell(self, rng, split, shard, separator):
        here = {
            "anywhere": True,
            "last": split == "train" and shard == self.last,
            "others": split != "train",
            "all": split == "train",
        }[self.where]
        if here and likely(rng, self.rate):
            if self.tokens and likely(rng, 0.5):
                return field(rng, rng.choice(self.tokens), separator)
            return rng.choice(["", "", '""'])
        if self.spoiler and split == "train" and shard == self.spoiler[0]:
            word = self.spoiler[1]
            self.spoiler = None
            return field(rng, word, separator)
        if split != "train" and likely(rng, 0.05):  # a value of another type than train's
            return field(rng, rng.choice(["oops", "007", "1.5", "2024-01-01", "true"]), separator)
        return field(rng, rng.choice(self.pool), separator)


# The files


def encode(rng, records, separator, end, wide):
    text = "".join(separator.join(record) + end for record in records)
    if wide and likely(rng, 0.1):
        text += end * rng.randint(1, 2)
    elif wide and likely(rng, 0.3):
        text = text[: -len(end)]
    data = text.encode()
    return oracle.BOM + data if likely(rng, 0.2) else data


def numbers(rng, count):
    """Shard numbers in ascending order, with gaps."""
    number = rng.choice([0, 0, 1, 7])
    found = []
    for _ in range(count):
        found.append(number)
        number += rng.choice([1, 1, 1, 2, 9, 40, 1000])
    return found


def make_split(rng, split, shards, columns, ext):
    """Returns [(file name, plain content, bytes to write)]."""
    separator = "," if ext == "csv" else "\t"
    zipped = rng.choice(["none", "none", "all", "some"])
    ends = rng.choice([["\n"], ["\n"], ["\r\n"], ["\n", "\r\n"]])
    digits = "%d" if likely(rng, 0.1) else "%05d"
    header = [field(rng, column.name, separator, 0) for column in columns]
    files = []
    for shard, number in enumerate(numbers(rng, shards)):
        rows = rng.choice([0, 1, 1, 2, 3, 5, 8, 12, 30])
        records = [header]
        records += [[column.cell(rng, split, shard, separator) for column in columns] for _ in range(rows)]
        data = encode(rng, records, separator, rng.choice(ends), len(columns) > 1)
        gz = zipped == "all" or (zipped == "some" and likely(rng, 0.5))
        name = "part-" + digits % number + "." + ext + (".gz" if gz else "")
        files.append((name, data, gzip.compress(data, mtime=0) if gz else data))
    return files


# The options


def strategy(rng, words, constants):
    word = rng.choice(words)
    if word == "constant" and likely(rng, 0.8):
        word += ":" + rng.choice(constants)
    return word


def make_options(rng, columns, na):
    options = impute_oracle.Options(na=na)
    if likely(rng, 0.6):
        options.numeric = strategy(rng, ["mean", "median", "median", "constant"], CONSTANTS)
    if likely(rng, 0.5):
        options.text = strategy(rng, ["mode", "constant", "empty"], FILLS)
    if likely(rng, 0.4):
        options.categorical = strategy(rng, ["mode", "constant", "empty"], FILLS)
        if likely(rng, 0.5):
            options.unique_ratio = rng.choice(["0.5", "0.25", "1", "0.05"])
    free = [column for column in columns if "," not in column.name and column.name]
    rng.shuffle(free)
    if free and likely(rng, 0.4):
        options.label = renamed(free.pop().name)
    if free and likely(rng, 0.3):
        options.exclude = [renamed(column.name) for column in free[: rng.choice([1, 1, 2])]]
        free = free[2:]
    for column in free:
        if likely(rng, 0.2):
            numeric = (column.kind in NUMBERS) != likely(rng, 0.02)
            words = ["mean", "median", "constant"] if numeric else ["mode", "mode", "constant", "empty"]
            options.column[renamed(column.name).encode()] = strategy(rng, words, CONSTANTS if numeric else FILLS)
    options.all_columns = likely(rng, 0.2)
    options.indicator = likely(rng, 0.2)
    options.allow_na_fill = likely(rng, 0.4)
    return options


def renamed(name):
    return name.replace("__DOT__", ".")


def flags(options):
    return ["--" + name.replace("_", "-") for name in ("all_columns", "allow_na_fill") if getattr(options, name)]


def fit_words(options):
    """The options as the oracle and shard-fit both take them."""
    words = flags(options)
    for name in ("numeric", "text", "categorical", "label", "unique_ratio"):
        value = getattr(options, name)
        if value is not None and value != getattr(impute_oracle.Options(), name):
            words += ["--%s=%s" % (name.replace("_", "-"), value)]
    if options.exclude:
        words += ["--exclude=" + ",".join(options.exclude)]
    for name, word in options.column.items():
        words += ["--column=%s=%s" % (name.decode(), word)]
    return words


DEFAULTS = {
    "numeric": ("DEFAULT_NUMERICAL_STRATEGY", "NUMERICAL_CONSTANT_VALUE", "median"),
    "text": ("DEFAULT_TEXT_STRATEGY", "TEXT_CONSTANT_VALUE", "empty"),
    "categorical": ("DEFAULT_CATEGORICAL_STRATEGY", "CATEGORICAL_CONSTANT_VALUE", "empty"),
}


def any_case(rng, word):
    return "".join(rng.choice([letter.lower(), letter.upper()]) for letter in word)


def job_words(rng, options):
    """(command line, environment) of the job; what both say, the command line decides."""
    words = flags(options)
    environment = []
    if options.indicator:
        words.append("--indicator")
    if options.na != "auto":
        words.append("--na=" + options.na)

    for name, (default, constant, other) in DEFAULTS.items():
        value = getattr(options, name)
        if value is None or (value == getattr(impute_oracle.Options(), name) and likely(rng, 0.5)):
            if likely(rng, 0.2):
                environment.append(default + "=" + rng.choice(["", "None"]))
        elif likely(rng, 0.5):
            word, colon, text = value.partition(":")
            environment.append("%s=%s" % (default, word))
            if colon:
                environment.append("%s=%s" % (constant, text))
        else:
            words += ["--" + name, value] if likely(rng, 0.5) else ["--%s=%s" % (name, value)]
            if likely(rng, 0.3):
                environment.append("%s=%s" % (default, other))

    for name, variable, value in (
        ("--label", "LABEL_FIELD", options.label),
        ("--exclude", "EXCLUDE_COLUMNS", ",".join(options.exclude)),
    ):
        if not value:
            if likely(rng, 0.3):
                environment.append(variable + "=" + rng.choice(["", "None"]))
        elif likely(rng, 0.5):
            environment.append("%s=%s" % (variable, value))
        else:
            words += ["%s=%s" % (name, value)]
    if options.unique_ratio != impute_oracle.Options().unique_ratio:
        environment.append("CATEGORICAL_UNIQUE_RATIO_THRESHOLD=" + options.unique_ratio)

    for name, word in options.column.items():
        name = name.decode()
        if name in PLAIN and ":" not in word and word != "constant" and likely(rng, 0.6):
            environment.append("COLUMN_STRATEGY_%s=%s" % (any_case(rng, name), word))
        else:
            words += ["--column", "%s=%s" % (name, word)]
    return words, environment


# The case


def make_case(rng):
    """Returns ({split: files}, options)."""
    shards = rng.choice([1, 2, 3, 4, 5, 6])
    na = rng.choice(["auto"] * 4 + ["pandas", "-999,?,X"])
    names = rng.sample(NAMES, rng.choice([1, 2, 3, 4, 6, 8, 10]))
    if likely(rng, 0.1):
        names.append(rng.choice(RARE_NAMES))
    if names in ([""], ["x, y"]):  # alone, one would be no header, the other is quoted in TSV too
        names = ["x"]
    columns = [Column(rng, name, shards, na) for name in names]
    ext = rng.choice(["csv", "csv", "csv", "tsv"])
    if len(columns) == 1 and likely(rng, 0.8):
        columns[0].rate = max(columns[0].rate, 0.1)
    files = {"train": make_split(rng, "train", shards, columns, ext)}
    for split in ("val", "test"):
        if likely(rng, 0.9):
            files[split] = make_split(rng, split, rng.choice([1, 1, 2, 3]), columns, ext)
    if "test" not in files and "val" not in files:
        files["test"] = make_split(rng, "test", 1, columns, ext)
    return files, make_options(rng, columns, na)


def outcome(files, options):
    """Returns `ok` or what is refused; Doubtful cases raise."""
    plain = {split: [(name, data) for name, data, _ in found] for split, found in files.items()}
    try:
        fit = impute_oracle.Fit(oracle.read_shards(plain["train"]), options)
        for found in plain.values():
            impute_oracle.outputs(found, fit, options)
    except impute_oracle.Refused as error:
        return b"\n".join([b"refused", *error.columns])
    return b"ok" if fit.fills else b"nothing"


def well_posed_case(rng):
    while True:
        files, options = make_case(rng)
        try:
            result = outcome(files, options)
        except impute_oracle.Doubtful:
            continue
        # One in three of those that are refused, or where nothing is missing, is enough.
        if result == b"ok" or likely(rng, 0.3):
            return files, options, result.replace(b"nothing", b"ok")


def write_words(path, words):
    with open(path, "wb") as file:
        file.write(b"".join(word.encode() + b"\0" for word in words))


def write_case(seed, directory):
    rng = random.Random(seed)
    files, options, result = well_posed_case(rng)
    for split, found in files.items():
        os.makedirs(os.path.join(directory, "in", split))
        for name, _, data in found:
            with open(os.path.join(directory, "in", split, name), "wb") as file:
                file.write(data)
    with open(os.path.join(directory, "outcome"), "wb") as file:
        file.write(result + b"\n")
    own = ["--na=" + options.na] + (["--indicator"] if options.indicator else [])
    write_words(os.path.join(directory, "oracle.args"), fit_words(options) + own)
    write_words(os.path.join(directory, "fit.args"), fit_words(options))
    write_words(os.path.join(directory, "stats.args"), own[:1])
    words, environment = job_words(rng, options)
    write_words(os.path.join(directory, "job.args"), words)
    write_words(os.path.join(directory, "job.env"), environment)


def write_partition(shards, rng, directory):
    """The rows of these shards, dealt out anew."""
    first = shards[0]
    rows = [row for shard in shards for row in shard.rows]
    rng.shuffle(rows)
    count = rng.choice([1, 2, 3, 5, 8, 13])
    if likely(rng, 0.2):
        count = min(len(rows) + 1, 25)  # about a row each
    dealt = [[] for _ in range(count)]
    for row in rows:
        rng.choice(dealt).append(row)
    os.makedirs(directory)
    for number, mine in zip(numbers(rng, count), dealt):
        data = b"".join(map(first.line, [first.header] + mine))
        gz = likely(rng, 0.2)
        path = os.path.join(directory, "part-%05d.%s%s" % (number, first.ext, ".gz" if gz else ""))
        with open(path, "wb") as file:
            file.write(gzip.compress(data, mtime=0) if gz else data)


def main():
    if sys.argv[1] == "--partition":
        case, directory = sys.argv[2:4]
        shards = oracle.read_shards(oracle.read_directory(os.path.join(case, "in", "train")))
        for seed in sys.argv[4:]:
            rng = random.Random("%s of %s" % (seed, os.path.basename(case)))
            write_partition(shards, rng, os.path.join(directory, seed))
    else:
        write_case(int(sys.argv[1]), sys.argv[2])


if __name__ == "__main__":
    main()
