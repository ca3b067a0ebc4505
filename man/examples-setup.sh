#!/bin/sh
# examples-setup.sh - the small sample on which the EXAMPLES of the man pages
# run: makes raw/ (four shards, fourteen rows) and the context CTX in the
# current directory.  Needs the shard- programs in PATH.
#
# In it: a customer that comes back in another shard (ann, bob), a missing
# customer, a missing label, a missing amount, quoted text, a line break
# inside quotes, a tab-separated shard and a compressed one.
set -eu
LC_ALL=C
export LC_ALL

mkdir -p raw
cat >raw/part-00000.csv <<'END'
id,orderDate,customerId,amount,label,note
1,2024-01-03 08:15:00,ann,12.50,0,
2,2024-01-05 19:02:11,bob,80,1,"gift, wrapped"
3,2024-01-09 07:45:30,,5.25,0,
4,2024-01-12 21:30:00,cid,33,0,"says ""hurry"""
END
cat >raw/part-00001.csv <<'END'
id,orderDate,customerId,amount,label,note
5,2024-01-17 10:00:00,dora,7.10,1,
6,2024-01-21 16:20:05,ann,99.99,0,repeat
7,2024-01-26 12:12:12,eve,41,,no label yet
END
tr , '\t' >raw/part-00002.tsv <<'END'
id,orderDate,customerId,amount,label,note
8,2024-02-02 09:09:09,finn,NA,0,
9,2024-02-08 23:59:59,bob,18,1,repeat
10,2024-02-14 13:00:00,gail,64.5,0,
END
gzip -n -c >raw/part-00003.csv.gz <<'END'
id,orderDate,customerId,amount,label,note
11,2024-02-20 08:30:00,hal,22,0,"two
lines"
12,2024-02-25 18:45:00,iris,3.75,1,
13,2024-03-01 11:11:11,,120,0,
14,2024-03-06 06:00:00,jon,9,0,
END

shard-stats -t orderDate -k customerId --label label --schema -o CTX/parts \
	raw/part-*
shard-stats --merge -o CTX CTX/parts
