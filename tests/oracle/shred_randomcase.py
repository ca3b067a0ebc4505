#!/usr/bin/env python3
"""Makes one small, awkward input for the shredding job.

    shred_randomcase.py SEED DIR

writes the shards below DIR, files that options name, and DIR/args: the
options for both the oracle and the job, each ended by a NUL byte.  Paths in
them are as seen from DIR.  The same seed gives the same bytes, and every case
has an answer that the job's rules leave no doubt about.
"""

import datetime
import gzip
import os
import random
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
import shred_oracle  # noqa: E402  (a file beside this one)

LONG = "long " * 2000
ODD_KEYS = [
    "a", "A", "b,c", 'say "hi"', "two\nlines", "two\r\nlines", "tab\there", " a", "a ", "Zoë", "a\\n", "back\\slash",
    "/", "..", ".", "../../etc/passwd", "a/b", "-", "--", "-x", "*", "$(touch pwned)", "`id`", "'", '"', "{}", "{id}",
    "unplanned", "batch", "0", "007", "7", "NA", "nan", "null", "\x01", "\x04shardkit", "%s", "日本語", "#", "=", "key",
    LONG, LONG + "1", LONG[:-1] + "0",
]
FILLERS = ["", "", '"quoted"', "x", "a,b", "line\nbreak", "crlf\r\nbreak", "tab\t", "007", "NA", "é", "\\", "{}", "'"]
READING = ['cat -- "$1" | cksum', "cat {} | wc -c; echo end {id}", 'head -n 1 "$1"; wc -l <"$1"']
EACH = [
    "wc -l",  # of standard input, which is empty: the same line for all
    'echo batch,words; echo "$SHARD_BATCH,$#"',
    'echo header; [ "$SHARD_BATCH" = 0 ] || echo "$SHARD_BATCH"; printf "%s\\n" {id}',
]


def likely(rng, chance):
    return rng.random() < chance


def field(rng, value, chance=0.1):
    """Quoted wherever one of the dialects must, and now and then elsewhere."""
    if any(mark in value for mark in ',\t"\r\n;|') or likely(rng, chance):
        return '"' + value.replace('"', '""') + '"'
    return value


def key_pool(rng):
    """The keys of a case, and how many of its rows have none."""
    style = rng.choice(["odd", "odd", "odd", "ints", "ints", "tokens", "words", "many"])
    if style == "odd":
        pool = rng.sample(ODD_KEYS, rng.randint(3, len(ODD_KEYS)))
    elif style in ("ints", "tokens"):
        pool = ["0", "-0", "9", "10", "-9", "-10", "18446744073709551616", "-9223372036854775809", "1" + "0" * 30]
        pool = rng.sample(pool, rng.randint(2, len(pool))) + [str(rng.randint(-99, 999)) for _ in range(rng.randint(1, 60))]
    else:
        pool = ["w%d" % n for n in range(500 if style == "many" else rng.randint(1, 40))]
    pool = sorted(set(pool))
    if style == "tokens":
        pool += ["NA", "null", "nan"]
    return style, pool, rng.choice([0, 0, 0.1, 0.3])


def day_clock(rng, style, day, offset):
    """A time as it is written, of which the day in UTC is this one."""
    moment = datetime.datetime(day.year, day.month, day.day) + datetime.timedelta(
        seconds=rng.choice([0, 0, 1, 86399, rng.randrange(86400), rng.randrange(24) * 3600]))
    nanoseconds = rng.choice([0, 0, 1, 999999999, 500000000, 120000000]) if "fraction" in style else 0
    zone = ""
    if "zoned" in style:
        moment += datetime.timedelta(minutes=offset)
        sign = "-" if offset < 0 else "+"
        zone = "%s%02d:%02d" % ((sign, *divmod(abs(offset), 60)))
        zone = rng.choice([zone, zone.replace(":", "")] + (["Z"] if offset == 0 else []))
    text = moment.isoformat(rng.choice("T ") if "mixed" in style else " ")
    if nanoseconds:
        digits = "%09d" % nanoseconds
        text += "." + (digits.rstrip("0") if likely(rng, 0.5) else digits)
    if style == "plain mixed" and text.endswith("00:00:00") and likely(rng, 0.5):
        return text[:10]
    return text + zone


def order_maker(rng, days, dated):
    """(letters behind the column, function of a day that makes a value)."""
    style = rng.choice(["plain", "plain mixed", "plain fraction", "zoned", "zoned mixed fraction", "zoned fraction"])
    if not dated:
        style = rng.choice([style, style, "epoch", "bytes", "numbers"])
    down = rng.choice(["", "", "r"])
    pool = None
    if style == "epoch":
        pool = [str(n) for n in rng.sample(range(-50, 50), rng.randint(2, 40))] + ["1700000000000000000", "1699999999"]
        letters = rng.choice([":t", ""]) if not down else ":t"
    elif style == "numbers":
        pool = ["0", "-0", "0.0", "7", "007", "7.0", "+7", "-1.5", "1e3", "1000", ".25", "12.", "9007199254740993",
                "9007199254740992", "-9223372036854775808"]
        letters = ":n"
    elif style == "bytes":
        pool = ["a", "B", "b", "aa", " ", "é", "1", "10", "9", "a,b", 'q"', "x\ny"]
        letters = ":b"
    else:
        letters = ":t" if down else rng.choice([":t", ""])
    if pool is None:
        texts = {day: [day_clock(rng, style, day, rng.choice([0, 60, -300, 330, 840]))
                       for _ in range(rng.choice([2, 5, 30]))] for day in days}
        return letters + down, lambda day: rng.choice(texts[day])
    return letters + down, lambda day: rng.choice(pool)


def encode(rng, header, rows, form, codec):
    separator = {"csv": ",", "tsv": "\t"}[form]
    end = rng.choice(["\n", "\n", "\n", "\r\n"])
    text = "".join(separator.join(row) + end for row in [header] + rows)
    if likely(rng, 0.2):
        text = text[:-len(end)]
    data = text.encode()
    if likely(rng, 0.2):
        data = shred_oracle.BOM + data
    if codec == ".gz":
        return gzip.compress(data, mtime=0)
    if codec == ".zst":
        return subprocess.run(["zstd", "-qc"], input=data, stdout=subprocess.PIPE, check=True).stdout
    return data


class Case:
    def __init__(self, rng):
        self.rng = rng
        self.files = {}  # path: bytes
        self.words = []
        self.by_day = rng.choice([None, None, None, "name", "time"])
        self.sorted = not self.by_day and likely(rng, 0.15)
        first = datetime.date(*rng.choice([(2024, 2, 27), (1969, 12, 30), (2023, 12, 29), (2024, 3, 8)]))
        self.days = [first + datetime.timedelta(days=n) for n in range(rng.choice([1, 2, 4]) if self.by_day else 3)]
        self.style, self.pool, self.no_key = key_pool(rng)
        if self.sorted:
            self.no_key = 0
        self.tables = ["data"]
        if likely(rng, 0.3) and not self.sorted:
            self.tables = rng.choice([["trades", "l2"], ["l2", "a-b", "trades"], ["one"]])
        self.zst = bool(shutil.which("zstd"))
        self.names = ["sym", "when", "n", "tag", "note"]
        self.key = rng.choice(["sym", "sym", "the sym", "sym,bol", "sym__DOT__bol"])
        self.names[0] = self.key
        self.key = self.key.replace("__DOT__", ".")
        rng.shuffle(self.names)
        self.wide = rng.choice([0, 0, 0, 300, 5000])
        self.orders = {}
        for table in self.tables:
            self.make_table(table)
        self.make_options()

    def make_row(self, day, order):
        rng = self.rng
        cells = {
            "when": field(rng, order(day)),
            "n": str(rng.randint(-5, 20)),
            "tag": rng.choice(["a", "b", "", '"a"']),
            "note": field(rng, rng.choice(FILLERS) + "x" * rng.randint(0, self.wide)),
        }
        key = rng.choice(["", '""']) if likely(rng, self.no_key) else field(rng, rng.choice(self.pool))
        return [cells.get(name, key) for name in self.names]

    def sort(self, rows, spec):
        """As --sorted wants them."""
        at, when = self.names.index(self.key.replace(".", "__DOT__")), self.names.index("when")
        _, kind, down = shred_oracle.split_order("when" + spec)
        read = {"t": lambda text: shred_oracle.parse_time(text)[1], "n": shred_oracle.parse_number, "b": bytes}[kind]

        def value(row, column):
            return shred_oracle.dequoted(row[column].encode())

        rows.sort(key=lambda row: read(value(row, when)), reverse=down)
        keys = {value(row, at) for row in rows}
        keys -= shred_oracle.is_missing(keys)
        place = {key: i for i, key in enumerate(shred_oracle.in_order(keys, shred_oracle.integers(keys)))}
        rows.sort(key=lambda row: place.get(value(row, at), -1))

    def make_table(self, table):
        rng = self.rng
        letters, order = order_maker(rng, self.days, self.by_day == "time")
        self.orders[table] = letters
        form = rng.choice(["csv", "csv", "csv", "tsv"])
        codec = rng.choice(["", "", ".gz", ".zst"] if self.zst else ["", "", ".gz"])
        mixed = not self.by_day and likely(rng, 0.3)
        header = [field(rng, name, 0) for name in self.names]
        shards = []
        number = rng.choice([0, 0, 1, 7])
        for _ in range(rng.choice([1, 2, 3, 5, 8])):
            rows = [self.make_row(rng.choice(self.days), order) for _ in range(rng.choice([0, 1, 3, 10, 40, 120]))]
            shards.append((number, rows))
            number += rng.choice([1, 1, 1, 2, 9, 40, 1000, 100000])
        if self.sorted:
            every = [row for _, rows in shards for row in rows]
            self.sort(every, letters)
            dealt = []
            for number, rows in shards:
                dealt.append((number, [every.pop(0) for _ in rows]))
            shards = dealt
        if not self.by_day:
            for number, rows in shards:
                if mixed:
                    form, codec = rng.choice(["csv", "tsv"]), rng.choice(["", ".gz"])
                self.put(table, rng.choice(["part-%05d.%s%s", "part-%d.%s%s"]) % (number, form, codec),
                         encode(rng, header, rows, form, codec))
            return
        if self.by_day == "time":
            for number, rows in shards:
                self.put(table, "part-%05d.%s%s" % (number, form, codec), encode(rng, header, rows, form, codec))
            return
        layout = rng.choice(["%s/part-%05d.%s%s", "date=%s/part-%05d.%s%s", "y/%s/h=1/part-%05d.%s%s", "part"])
        for number, rows in shards:
            day = rng.choice(self.days)
            word = day.isoformat() if likely(rng, 0.5) else day.strftime("%Y%m%d")
            rows = [self.make_row(day, order) for _ in rows]
            if layout == "part":
                name = "part-%05d-%s.%s%s" % (number, word, form, codec)
            else:
                name = layout % (word, number, form, codec)
            self.put(table, name, encode(rng, header, rows, form, codec))

    def put(self, table, name, data):
        self.files["in-%s/%s" % (table, name)] = data

    def some_keys(self):
        """A part of the keys, and some that no row has."""
        chosen = self.rng.sample(self.pool, self.rng.randint(1, len(self.pool)))
        extra = ["12345", "-77"] if self.style in ("ints", "tokens") else ["nobody's", "zz\tzz"]
        return [key for key in chosen if key not in ("NA", "null", "nan")] + self.rng.sample(extra, self.rng.randint(0, 2))

    def make_options(self):
        rng, words = self.rng, self.words
        if self.tables == ["data"] or self.tables == ["one"]:
            words += ["--input", "in-" + self.tables[0], "--order", "when" + self.orders[self.tables[0]]]
            if self.tables == ["one"]:
                words += ["--table", "one"]
        else:
            for table in self.tables:
                words += ["--table", "%s=in-%s:when%s" % (table, table, self.orders[table])]
        words += ["--key", self.key]
        only_rows = False
        if likely(rng, 0.15) and not self.sorted and self.style != "tokens":
            only_rows = True
            with_table = len(self.tables) > 1 or likely(rng, 0.5)
            lines = ["key\ttable\testimated_rows" if with_table and self.tables != ["one"] else "key\testimated_rows"]
            tables = self.tables if "\ttable" in lines[0] else [None]
            if self.tables == ["one"]:
                lines = ["key\ttable\testimated_rows"]
                tables = self.tables
            for key in self.some_keys():
                for table in tables:
                    cells = [shred_oracle.escaped(key.encode()).decode()] + ([table] if table else [])
                    lines.append("\t".join(cells + [rng.choice(["%d", "%d.5", "%de0"]) % rng.randint(0, 40)]))
            self.files["estimates.tsv"] = ("\n".join(lines) + "\n").encode()
            words += ["--estimates", "estimates.tsv"]
        elif likely(rng, 0.2) and not self.sorted and self.style != "tokens":
            name = self.key
            lines = [name] + [shred_oracle.escaped(key.encode()).decode() for key in self.some_keys()]
            self.files["groups.tsv"] = ("\n".join(lines) + "\n").encode()
            words += ["--groups", "groups.tsv"]
        columns = likely(rng, 0.25)
        how = rng.choice(["rows", "rows", "rows of tables", "bytes", "memory", "fixed", "none"])
        if how in ("bytes", "memory") and (only_rows or columns):
            how = "rows"
        if how == "rows":
            words += ["--max-rows", str(rng.choice([1, 5, 20, 100]))]
        elif how == "rows of tables":
            words += ["--max-rows", ",".join("%s=%d" % (table, rng.randint(1, 60)) for table in self.tables)]
        elif how == "bytes":
            words += ["--max-bytes", rng.choice(["1", "500", "2K", "20K"])]
        elif how == "memory":
            words += ["--memory", rng.choice(["20K", "50K", "100K", "600K"])]
        elif how == "fixed":
            words += ["--fixed", str(rng.choice([1, 2, 7, 1000]))]
        if how in ("rows", "bytes") and likely(rng, 0.2) and not self.sorted:
            words += ["--pack", "best"]
        if columns:
            words += ["--columns", ",".join(rng.sample(["n", "tag", "note", "when"], rng.randint(1, 4)))]
        if likely(rng, 0.25):
            words += ["--where", rng.choice(["n > 3", "n != 0", "tag == a", "tag != ", "n <= 15", "note = x"])]
        if likely(rng, 0.25):
            words += ["--unplanned", "keep"]
        if likely(rng, 0.15):
            words += ["--format", rng.choice(["csv", "tsv"])]
        if likely(rng, 0.15):
            words += ["--compress", rng.choice(["none", "gz", "zst"] if self.zst else ["none", "gz"])]
        if likely(rng, 0.25):
            squeezed = any(path.endswith((".gz", ".zst")) for path in self.files) or "--compress" in words
            words += ["--each", rng.choice(EACH + ([] if squeezed else READING))]  # codecs' bytes are nobody's promise
            if likely(rng, 0.5):
                words.append("--keep")
        if self.sorted:
            words.append("--sorted")
        if self.by_day:
            words += ["--by-day"] + rng.choice([[], [self.by_day]])
            if likely(rng, 0.3):
                words.append("--exclude-weekends")
            if likely(rng, 0.3):
                ends = sorted(rng.choices(self.days, k=2))
                words += [*rng.choice([[], ["--from", ends[0].isoformat()]]), "--to", ends[1].isoformat()]
            if self.by_day == "time":
                # without a copy the job reads the input three times at most
                words += ["--presplit"] * (len(self.days) > 3 or likely(rng, 0.5))


def write(case, directory):
    for path, data in case.files.items():
        path = os.path.join(directory, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)
    with open(os.path.join(directory, "args"), "wb") as file:
        file.write(b"".join(word.encode() + b"\0" for word in case.words))


def well_posed(words):
    """Here: whether a job over the current directory has one right answer, and one with rows."""
    try:
        if "best" in words:
            at = words.index("best")
            words = words[:at - 1] + words[at + 1:]
        job = shred_oracle.Job(shred_oracle.parse_options(words))
    except shred_oracle.IllPosed:
        return False
    rows = sum(len(table.rows) for table in job.tables)
    return bool(job.parts) and rows > 0 and all(any(file.rows for file in part.files) for part in job.parts)


def main():
    seed, directory = int(sys.argv[1]), os.path.abspath(sys.argv[2])
    rng = random.Random(seed)
    while True:
        case = Case(rng)
        write(case, directory)
        os.chdir(directory)
        if well_posed(case.words):
            return
        os.chdir("/")
        shutil.rmtree(directory)


if __name__ == "__main__":
    main()
