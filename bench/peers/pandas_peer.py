#!/usr/bin/python3
"""pandas_peer.py JOB VARIANT IN OUT - the jobs of the benchmark in pandas.

preprocess, impute  pool    two processes, a shard at a time
shred               pool    the same: rows of a batch are appended to its file,
                            which is then read and sorted
                    memory  all is read and sorted in one process

Cells are text unless a job needs numbers: faster, and 0.10 stays 0.10.
"""
import collections
import json
import multiprocessing
import os
import pathlib
import sys

import pandas as pd

NAMES = ["emailAddress", "billingAddressName", "customerName", "paymentAccountHolderName"]
EXCLUDED = {"label", "customerId", "orderDate"}
SPLITS = ["train", "val", "test"]
shared = {}  # what the workers inherit


def read(path, **more):
    return pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""], **more)


def shards(where):
    return sorted(pathlib.Path(where).glob("part-*.csv"))


def pooled(function, items):
    """In order; the workers see `shared` as it is now."""
    with multiprocessing.Pool(int(os.environ["WORKERS"])) as pool:
        return pool.map(function, items, chunksize=1)


def read_keys(path):
    return read(path, usecols=["customerId", "orderDate"])


def split_shard(path):
    rows = read(path)
    earliest = rows.customerId.map(shared["earliest"])
    rows = rows[rows.customerId.isna() | (rows.orderDate == earliest)]
    rows = rows.rename(columns=lambda name: name.replace("__DOT__", "."))
    first, *others = (rows[name].fillna("[MISSING]") for name in NAMES)
    rows["text"] = first.str.cat(others, sep="|")
    train, val = shared["cutoffs"]
    where = {"train": rows.orderDate < train, "test": rows.orderDate >= val}
    where["val"] = ~(where["train"] | where["test"])
    for split in SPLITS:
        rows[where[split]].to_csv(shared["out"] / split / path.name, index=False)


def preprocess(_, source, out):
    keys = pd.concat(pooled(read_keys, shards(source)))
    times = keys.orderDate.dropna().sort_values()
    train = int(len(times) * 0.7)
    val = train + int(len(times) * ((1 - 0.7) * 0.5))
    shared.update(out=out, cutoffs=(times.iloc[train], times.iloc[val]),
                  earliest=keys.dropna().groupby("customerId").orderDate.min())
    del keys, times
    for split in SPLITS:
        (out / split).mkdir()
    pooled(split_shard, shards(source))


def facts(path):
    """Per column: missing cells, sum (None if not of numbers), counts of values."""
    rows = read(path)
    found = {}
    for name in rows.columns.difference(EXCLUDED):
        values = rows[name].dropna()
        try:
            total, counts = pd.to_numeric(values).sum(), {}
        except ValueError:
            total, counts = None, dict(values.value_counts())
        found[name] = len(rows) - len(values), len(values), total, counts
    return found


def fit(paths):
    merged = collections.defaultdict(list)
    for found in pooled(facts, paths):
        for name, fact in found.items():
            merged[name].append(fact)
    fill = {}
    for name, parts in merged.items():
        missing, present, sums, counts = zip(*parts)
        if not sum(missing):
            continue
        if None not in sums:
            fill[name] = float(sum(sums) / sum(present))
            continue
        counter = collections.Counter()
        for some in counts:
            counter.update(some)
        most = max(counter.values())
        fill[name] = min((value for value, n in counter.items() if n == most), key=str.encode)
    return fill


def fill_shard(path):
    read(path).fillna(shared["fill"]).to_csv(shared["out"] / path.parent.name / path.name, index=False)


def impute(_, source, out):
    fill = fit(shards(source / "train"))
    (out / "model.json").write_text(json.dumps(fill))
    shared.update(out=out, fill={name: str(value) for name, value in fill.items()})
    for split in SPLITS:
        (out / split).mkdir()
    pooled(fill_shard, [path for split in SPLITS for path in shards(source / split)])


def read_trades(path, **more):
    return read(path, **more).astype({"ListingId": "int64"})


def count_listings(path):
    return read_trades(path, usecols=["ListingId"]).ListingId.value_counts()


def pack(counts):
    """The batch of each listing, next-fit in order of numbers."""
    batch, number, size = {}, 0, 0
    for listing, rows in counts.sort_index().items():
        if batch and size + rows > int(os.environ["MAX_ROWS"]):
            number, size = number + 1, 0
        batch[listing], size = number, size + rows
    return batch


def write_batch(number, rows):
    rows.sort_values(["ListingId", "TradeTimestamp"]).to_csv(shared["out"] / f"batch-{number}.csv", index=False)


def cut_shard(path):
    rows = read_trades(path)
    for number, some in rows.groupby(rows.ListingId.map(shared["batch"])):
        # each process has its own files, so none waits for the other
        to = shared["out"] / f"spill-{number}-{os.getpid()}"
        some.to_csv(to, index=False, mode="a", header=not to.exists())


def gather_batch(number):
    parts = list(shared["out"].glob(f"spill-{number}-*"))
    write_batch(number, pd.concat(map(read_trades, parts)))
    for part in parts:
        part.unlink()


def shred(variant, source, out):
    shared["out"] = out
    if variant == "memory":
        rows = pd.concat(map(read_trades, shards(source)))
        batch = pack(rows.ListingId.value_counts())
        for number, some in rows.groupby(rows.ListingId.map(batch)):
            write_batch(number, some)
        return
    counts = pd.concat(pooled(count_listings, shards(source)))
    shared["batch"] = pack(counts.groupby(level=0).sum())
    pooled(cut_shard, shards(source))
    pooled(gather_batch, sorted(set(shared["batch"].values())))


def main(job, variant=None, source=None, out=None):
    if job == "--version":
        return print(pd.__version__)
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    {"preprocess": preprocess, "impute": impute, "shred": shred}[job](variant, pathlib.Path(source), out)


if __name__ == "__main__":
    main(*sys.argv[1:])
