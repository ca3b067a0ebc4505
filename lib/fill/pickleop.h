/*
 * pickleop - the opcodes of Python's pickle format, for the reader (pickle.c)
 * and the writer (pickleout.c) of a flat dict only.
 */
#ifndef SHARD_PICKLEOP_H
#define SHARD_PICKLEOP_H

/* The opcodes that are read, and those that are written. */
enum {
	PROTO = 0x80,
	FRAME = 0x95,
	STOP = '.',
	MARK = '(',
	DICT = 'd',
	EMPTY_DICT = '}',
	SETITEM = 's',
	SETITEMS = 'u',
	FLOAT = 'F',
	BINFLOAT = 'G',
	INT = 'I',
	BININT = 'J',
	BININT1 = 'K',
	BININT2 = 'M',
	LONG = 'L',
	LONG1 = 0x8a,
	UNICODE = 'V',
	BINUNICODE = 'X',
	SHORT_BINUNICODE = 0x8c,
	BINUNICODE8 = 0x8d,
	GET = 'g',
	BINGET = 'h',
	LONG_BINGET = 'j',
	PUT = 'p',
	BINPUT = 'q',
	LONG_BINPUT = 'r',
	MEMOIZE = 0x94,
};

/* The argument of an opcode. */
enum pickle_arg {
	ARG_NONE,
	ARG_1, /* so many bytes */
	ARG_2,
	ARG_4,
	ARG_8,
	ARG_LINE, /* up to LF */
	ARG_LINES,
	ARG_SIZED1, /* a size of so many bytes, and that many bytes */
	ARG_SIZED4,
	ARG_SIZED8,
};

/* A row of the table.  refusal says why an opcode is refused; it is NULL for
 * those that are read. */
struct pickle_opcode {
	const char *name;
	enum pickle_arg arg;
	const char *refusal;
};

/*
 * Every opcode of protocols 0 to 5, as Lib/pickletools.py of CPython documents
 * them; the name is NULL for bytes that are no opcode.
 */
extern const struct pickle_opcode pickle_opcodes[256];

/* Refusals that the reader compares with, and those for what only an argument
 * shows.
 */
extern const char pickle_runs_code[];
extern const char pickle_no_value[];
extern const char pickle_bool_value[];
extern const char pickle_no_place[];
extern const char pickle_too_long[];

#endif
