#!/usr/bin/env node
// duckdb.js JOB VARIANT IN OUT - the jobs of the benchmark in DuckDB.
//
// preprocess  by-shard, by-split   two scans; the second is one COPY, with
//                                  PARTITION_BY (split, shard), or split only
//             parquet              by-split, of Parquet and to Parquet
// impute      scans                two scans of train for the model: missing
//                                  cells and means, then modes
//             table                train is loaded into a table for these
// shred       sorted               sorted once into a table, a COPY per batch
//             loaded               a table as it comes, sorted for each batch
//
// Cells are text unless a job needs numbers, so that none is parsed or printed
// in vain.
'use strict';
const fs = require('fs');
const path = require('path');
const duckdb = require('@duckdb/node-api');
const { names, splits, excluded, plain, shards, positions, pack, model, main } =
	require('./common.js');

const text = (s) => `'${String(s).replaceAll("'", "''")}'`;
const id = (s) => `"${s.replaceAll('"', '""')}"`;
const dialect = `header=true, delim=',', quote='"', escape='"'`;
const list = (words) => `[${words.map(text).join(', ')}]`;
const header = (file) => fs.readFileSync(file, 'utf8').split('\n', 1)[0].split(',');

// The shards as a table of texts, but for columns of numbers.  Nothing is left
// to be found out: in shards of few rows that goes wrong.
const csv = (files, numbers = [], options = '') =>
	`read_csv(${list(files)}, ${dialect}, auto_detect=false, columns={${header(files[0]).map((c) =>
		`${text(c)}: '${numbers.includes(c) ? 'DOUBLE' : 'VARCHAR'}'`)}} ${options})`;
const named = ', filename=true';
const shardOf = "regexp_extract(filename, 'part-([0-9]+)', 1) AS shard";

async function open(settings = '') {
	const db = await duckdb.DuckDBInstance.create(':memory:',
		{ threads: process.env.WORKERS });
	const connection = await db.connect();
	const run = async (sql) => (await connection.runAndReadAll(sql)).getRowsJson();
	if (settings)
		await run(settings);
	return run;
}
const anyOrder = 'SET preserve_insertion_order=false';

async function preprocess(variant, from, out) {
	const run = await open(anyOrder);
	const parquet = variant === 'parquet';
	const files = parquet ? [] : shards(from);
	const input = (options) => parquet ? `read_parquet(${text(path.join(from, 'part-*.parquet'))})`
		: csv(files, [], options);
	const columns = parquet ? (await run(`DESCRIBE FROM ${input()}`)).map(([c]) => c) : header(files[0]);
	await run(`CREATE TABLE keys AS SELECT customerId, orderDate FROM ${input()}`);
	const [[n]] = await run('SELECT count(orderDate) FROM keys');
	// the value at position i of n sorted ones
	const at = positions(Number(n)).map((i) => (i + 0.5) / Number(n));
	const [[[train, val]]] = await run(
		`SELECT quantile_disc(orderDate, [${at}]) FROM keys`);
	await run(`CREATE TABLE firsts AS SELECT customerId, min(orderDate) AS earliest
		FROM keys WHERE customerId IS NOT NULL GROUP BY customerId`);
	await run('DROP TABLE keys');
	const cells = columns.map((c) => `t.${id(c)} AS ${id(plain(c))}`);
	const byShard = variant === 'by-shard';
	const name = names.map((c) => `coalesce(${c}, '[MISSING]')`);
	await run(`COPY (
		SELECT ${cells.join(', ')}, ${name.join(" || '|' || ")} AS text, ${byShard ? `${shardOf},` : ''}
			CASE WHEN orderDate < ${text(train)} THEN 'train'
			WHEN orderDate < ${text(val)} THEN 'val' ELSE 'test' END AS split
		FROM ${input(byShard ? named : '')} t
		LEFT JOIN firsts USING (customerId)
		WHERE customerId IS NULL OR orderDate = earliest
	) TO ${text(out)} (${parquet ? 'FORMAT parquet, COMPRESSION zstd' : 'FORMAT csv, HEADER'},
		PARTITION_BY (split${byShard ? ', shard' : ''}))`);
}

// Means of columns of numbers and modes of the others, where a cell is missing.
async function fit(run, table, columns, numbers) {
	const [facts] = await run(`SELECT count(*), ${columns.map((c) =>
		`count(${id(c)}), ${numbers.includes(c) ? `avg(${id(c)})` : 'NULL'}`)} FROM ${table}`);
	const fill = {}, modes = [];
	columns.forEach((c, i) => {
		if (facts[1 + 2 * i] === facts[0])
			return;
		if (numbers.includes(c))
			fill[c] = Number(facts[2 + 2 * i]);
		else
			modes.push(id(c));
	});
	// one scan counts the values of each column: mode() takes any of a tie
	const most = await run(`
		SELECT which, arg_min(value, {n: -n, value: value}) FROM (
			SELECT grouping_id(${modes}) AS which, coalesce(${modes}) AS value, count(*) AS n
			FROM ${table} GROUP BY GROUPING SETS (${modes.map((c) => `(${c})`)})
		) WHERE value IS NOT NULL GROUP BY which`);
	for (const [which, value] of most) {
		// of n bits the first column has the highest, and its own is not set
		const bits = BigInt(which).toString(2).padStart(modes.length, '0');
		fill[modes[bits.indexOf('0')].slice(1, -1)] = value;
	}
	return fill;
}

async function impute(variant, from, out) {
	const run = await open(anyOrder);
	const train = shards(path.join(from, 'train'));
	const types = (await run(`DESCRIBE FROM read_csv(${text(train[0])}, ${dialect}, sample_size=-1)`))
		.filter(([column]) => !excluded.has(column));
	const numbers = types.filter(([, type]) => /INT|DOUBLE/.test(type)).map(([column]) => column);
	let table = csv(train, numbers);
	if (variant === 'table') {
		await run(`CREATE TABLE train AS FROM ${table}`);
		table = 'train';
	}
	const fill = await fit(run, table, types.map(([column]) => column), numbers);
	model(out, fill);
	const filled = Object.entries(fill).map(([c, v]) => `coalesce(${id(c)}, ${text(v)}) AS ${id(c)}`);
	for (const split of splits)
		await run(`COPY (
			SELECT * EXCLUDE filename REPLACE (${filled}), ${shardOf}
			FROM ${csv(shards(path.join(from, split)), [], named)}
		) TO ${text(path.join(out, split))} (FORMAT csv, HEADER, PARTITION_BY (shard))`);
}

async function shred(variant, from, out) {
	const run = await open();
	const sorted = variant === 'sorted';
	const order = 'ORDER BY ListingId, TradeTimestamp';
	await run(`CREATE TABLE trades AS SELECT * REPLACE (ListingId::BIGINT AS ListingId)
		FROM ${csv(shards(from))} ${sorted ? order : ''}`);
	const groups = await run(
		'SELECT ListingId, count(*) FROM trades GROUP BY ListingId ORDER BY ListingId');
	const batches = pack(groups.map((row) => row.map(Number)));
	for (const [i, batch] of batches.entries())
		await run(`COPY (FROM trades WHERE ListingId BETWEEN ${batch.from} AND ${batch.to}
			${sorted ? '' : order}) TO ${text(path.join(out, `batch-${i}.csv`))} (FORMAT csv, HEADER)`);
}

main({ preprocess, impute, shred }, duckdb.version);
