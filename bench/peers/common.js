// common.js - what the two engines of npm share: the shards, the positions of
// the cutoffs, the batches, and the command line JOB VARIANT IN OUT.
'use strict';
const fs = require('fs');
const path = require('path');

exports.names = ['emailAddress', 'billingAddressName', 'customerName',
	'paymentAccountHolderName'];
exports.splits = ['train', 'val', 'test'];
exports.excluded = new Set(['label', 'customerId', 'orderDate']);
exports.plain = (column) => column.replaceAll('__DOT__', '.');

exports.shards = (dir) => fs.readdirSync(dir).sort()
	.filter((name) => /^part-\d+\.csv$/.test(name))
	.map((name) => path.join(dir, name));

// Where the two cutoffs are among n sorted times.
exports.positions = (n) => {
	const train = Math.trunc(n * 0.7);
	return [train, train + Math.trunc(n * ((1 - 0.7) * 0.5))];
};

// Groups [key, rows] in order of keys, packed next-fit: [{from, to, rows}].
exports.pack = (groups) => {
	const most = Number(process.env.MAX_ROWS);
	const batches = [];
	for (const [key, rows] of groups) {
		const last = batches.at(-1);
		if (last && last.rows + rows <= most)
			Object.assign(last, { to: key, rows: last.rows + rows });
		else
			batches.push({ from: key, to: key, rows });
	}
	return batches;
};

exports.model = (out, fill) =>
	fs.writeFileSync(path.join(out, 'model.json'), JSON.stringify(fill, null, 1));

// Runs jobs[JOB](VARIANT, IN, OUT), or prints the version.
exports.main = async (jobs, version) => {
	const [job, variant, from, out] = process.argv.slice(2);
	if (job === '--version')
		return console.log(version());
	fs.mkdirSync(out, { recursive: true });
	await jobs[job](variant, from, out);
};
process.on('unhandledRejection', (why) => {
	console.error(why);
	process.exit(1);
});
