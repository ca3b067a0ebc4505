#!/usr/bin/env python3
"""Rows by a batch map, in plain Python: the oracle for shard-split --map.

    map_oracle.py make SEED     writes m, part-1.csv, and want.json: the rows
                                of each batch, and what has none
    map_oracle.py check OUT [keep]
                                is OUT that partition, unplanned rows kept?

Keys are those that split names, quoting and escapes may trip over.
"""
import csv
import json
import os
import random
import sys

COLUMN = 'key, "of" it'
ODD = ['a,b', 'a"b', '"', '""', 'a\nb', '\n', 'a\rb', 'a\tb', ' ', '/', '../..',
       '..', '.', '_x', 'a/b', '\\', '\\n', 'x' * 10240, 'x' * 10239 + 'y',
       '0', '00', '-0', 'NA', 'k\u00e4se', 'unplanned', 'batch-0', '-']


def escaped(s):
    for c, e in ('\\', '\\\\'), ('\t', '\\t'), ('\n', '\\n'), ('\r', '\\r'):
        s = s.replace(c, e)
    return s


def quoted(r, s):
    if r.random() < .3 or any(c in s for c in ',"\n\r'):
        return '"' + s.replace('"', '""') + '"'
    return s


def make(seed):
    r = random.Random(seed)
    keys = ODD + ['g%d' % r.randrange(10**9) for _ in range(120)]
    keys = sorted(set(keys))
    planned = sorted(r.sample(keys, len(keys) * 3 // 4),
                     key=lambda s: s.encode())
    nbatch, batch = 0, {}
    for k in planned:
        batch[k] = r.randrange(nbatch + 1) if r.random() < .2 else nbatch
        nbatch = max(nbatch, batch[k] + 1)
    with open('m', 'w', newline='', encoding='utf-8') as f:
        f.write(COLUMN + '\tbatch_id\n')
        for k in planned:
            f.write('%s\t%d\n' % (escaped(k), batch[k]))
    want = {'rows': {}, 'missing': 0, 'unplanned': 0}
    with open('part-1.csv', 'w', newline='', encoding='utf-8') as f:
        f.write('id,%s\n' % quoted(r, COLUMN))
        for i in range(1500):
            k = '' if r.random() < .02 else r.choice(keys)
            f.write('%d,%s\n' % (i, quoted(r, k)))
            name = 'unplanned'
            if k in batch:
                name = 'batch-%d' % batch[k]
            elif k:
                want['unplanned'] += 1
            else:
                want['missing'] += 1
            want['rows'].setdefault(name, []).append([str(i), k])
    with open('want.json', 'w', encoding='utf-8') as f:
        json.dump(want, f)


def fail(what):
    sys.exit('map_oracle: ' + what)


def check(out, keep):
    with open('want.json', encoding='utf-8') as f:
        want = json.load(f)
    drops = {}
    with open(out + '/_shards/00001.tsv', encoding='utf-8') as f:
        for line in f:
            cell = line.split('\t')
            if cell[0] == 'drop':
                drops[cell[1]] = int(cell[2])
    expected = {}
    if not keep:
        want['rows'].pop('unplanned', None)
        expected = {'missing-group': want['missing'],
                    'unplanned': want['unplanned']}
    if drops != {k: v for k, v in expected.items() if v}:
        fail('drops %s, expected %s' % (drops, expected))
    names = set(os.listdir(out)) - {'_shards'}
    if names != set(want['rows']):
        fail('splits %s' % sorted(names ^ set(want['rows'])))
    for name in names:
        if os.listdir(out + '/' + name) != ['part-00001.csv']:
            fail('files of %s' % name)
        with open(out + '/' + name + '/part-00001.csv', newline='',
                  encoding='utf-8') as f:
            rows = list(csv.reader(f))
        if rows[0] != ['id', COLUMN] or rows[1:] != want['rows'][name]:
            fail('rows of %s' % name)


if sys.argv[1] == 'make':
    make(int(sys.argv[2]))
else:
    csv.field_size_limit(1 << 20)
    check(sys.argv[2], sys.argv[3:] == ['keep'])
