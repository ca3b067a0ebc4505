#!/usr/bin/env node
// polars.js JOB VARIANT IN OUT - the jobs of the benchmark in Polars.
//
// preprocess, impute  eager   two columns, or the statistics, by lazy scans;
//                             then every shard is read, worked on and written
//                     lazy    the second half as lazy scans into CSV sinks
// shred               memory  all is read and sorted in memory, and sliced
//                     spill   shards are cut by batch into Parquet files, which
//                             are then read and sorted for each batch
//
// Cells are text unless a job needs numbers.  POLARS_MAX_THREADS counts.
'use strict';
const fs = require('fs');
const path = require('path');
const { names, splits, excluded, plain, shards, positions, pack, model, main } =
	require('./common.js');
let pl;
try {
	pl = require('nodejs-polars');
} catch (e) {
	console.error(String(e.message).split('\n')[0]);
	process.exit(1);
}

const text = { inferSchemaLength: 0 };
const scanAll = (files) => pl.concat(files.map((file) => pl.scanCSV(file, text)));
const undot = (columns) => Object.fromEntries(columns.map((c) => [c, plain(c)]));

async function preprocess(variant, from, out) {
	const files = shards(from);
	const keys = await scanAll(files).select('customerId', 'orderDate').collect();
	const times = keys.getColumn('orderDate').dropNulls().sort();
	const [train, val] = positions(times.length).map((i) => pl.lit(times.get(i)));
	const firsts = await keys.lazy().filter(pl.col('customerId').isNotNull())
		.groupBy('customerId').agg(pl.col('orderDate').min().alias('earliest')).collect();
	const time = pl.col('orderDate');
	const within = { train: time.lt(train), val: time.gtEq(train).and(time.lt(val)), test: time.gtEq(val) };
	const name = names.map((c) => pl.col(c).fillNull(pl.lit('[MISSING]')));
	const header = pl.readCSV(files[0], { ...text, nRows: 1 }).columns;
	const work = (rows, right) => rows.join(right, { on: 'customerId', how: 'left' })
		.filter(pl.col('customerId').isNull().or(time.eq(pl.col('earliest'))))
		.drop('earliest').withColumns(pl.concatString(name, '|').alias('text')).rename(undot(header));
	splits.forEach((split) => fs.mkdirSync(path.join(out, split)));
	for (const file of files) {
		const rows = variant === 'eager' && work(pl.readCSV(file, text), firsts);
		for (const split of splits) {
			const to = path.join(out, split, path.basename(file));
			if (rows)
				rows.filter(within[split]).writeCSV(to);
			else
				await work(pl.scanCSV(file, text).filter(within[split]), firsts.lazy()).sinkCSV(to).collect();
		}
	}
}

// Means of columns of numbers and modes of the others, where a cell is missing.
async function fit(files) {
	const typed = pl.readCSV(files[0], { inferSchemaLength: 10000, nRows: 10000 });
	const columns = typed.columns.filter((c) => !excluded.has(c));
	const numeric = columns.filter((c) => /Int|Float/.test(typed.getColumn(c).dtype));
	const facts = await scanAll(files).select(
		...columns.map((c) => pl.col(c).nullCount().alias(`missing ${c}`)),
		...numeric.map((c) => pl.col(c).cast(pl.Float64).mean().alias(`mean ${c}`))).collect();
	const fact = (what, c) => facts.getColumn(`${what} ${c}`).get(0);
	const missing = columns.filter((c) => fact('missing', c) > 0);
	const modes = missing.filter((c) => !numeric.includes(c));
	const most = await scanAll(files).select(
		...modes.map((c) => pl.col(c).dropNulls().mode().sort().first().alias(c))).collect();
	return Object.fromEntries(missing.map((c) =>
		[c, modes.includes(c) ? most.getColumn(c).get(0) : fact('mean', c)]));
}

async function impute(variant, from, out) {
	const fill = await fit(shards(path.join(from, 'train')));
	model(out, fill);
	const filled = Object.entries(fill).map(([c, v]) => pl.col(c).fillNull(pl.lit(String(v))).alias(c));
	for (const split of splits) {
		fs.mkdirSync(path.join(out, split));
		for (const file of shards(path.join(from, split))) {
			const to = path.join(out, split, path.basename(file));
			if (variant === 'eager')
				pl.readCSV(file, text).withColumns(...filled).writeCSV(to);
			else
				await pl.scanCSV(file, text).withColumns(...filled).sinkCSV(to).collect();
		}
	}
}

const order = ['ListingId', 'TradeTimestamp'];
const listing = pl.col('ListingId').cast(pl.Int64);
async function batchesOf(trades) {
	const groups = await trades.groupBy('ListingId').agg(pl.len().alias('rows')).sort('ListingId').collect();
	const rowsOf = groups.getColumn('rows').toArray();
	return pack(groups.getColumn('ListingId').toArray().map((key, i) => [Number(key), Number(rowsOf[i])]));
}

async function shred(variant, from, out) {
	const files = shards(from);
	const to = (i) => path.join(out, `batch-${i}.csv`);
	if (variant === 'memory') {
		const rows = (await scanAll(files).withColumn(listing).collect()).sort(order);
		let at = 0;
		for (const [i, batch] of (await batchesOf(rows.lazy())).entries()) {
			rows.slice(at, batch.rows).writeCSV(to(i));
			at += batch.rows;
		}
		return;
	}
	const batches = await batchesOf(scanAll(files).select('ListingId').withColumn(listing));
	const starts = pl.DataFrame({ ListingId: batches.map((batch) => batch.from), batch: batches.map((_, i) => i) })
		.withColumn(listing);
	const spilled = batches.map(() => []);
	files.forEach((file, shard) => {
		const rows = pl.readCSV(file, text).withColumn(listing).sort(order);
		for (const part of rows.joinAsof(starts, { on: 'ListingId', strategy: 'backward' }).partitionBy('batch')) {
			const i = part.getColumn('batch').get(0);
			spilled[i].push(path.join(out, `${i}-${shard}.parquet`));
			part.drop('batch').writeParquet(spilled[i].at(-1), { compression: 'lz4' });
		}
	});
	spilled.forEach((parts, i) => {
		pl.concat(parts.map((part) => pl.readParquet(part))).sort(order).writeCSV(to(i));
		parts.forEach((part) => fs.unlinkSync(part));
	});
}

main({ preprocess, impute, shred }, () => require('nodejs-polars/package.json').version);
