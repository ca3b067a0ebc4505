#include "fill/pickleop.h"

#include <stddef.h>

const char pickle_runs_code[] =
    "could run code: refused; save a dict of plain values, float(x) or str(x)";
const char pickle_no_value[] = "is refused: a value is a number or text";
static const char bytes_value[] =
    "is refused: it makes bytes, a value is a number or text";
static const char none_value[] =
    "is refused: it makes None, a value is a number or text";
const char pickle_bool_value[] =
    "is refused: it makes a bool, a value is a number or text";
const char pickle_no_place[] =
    "is refused: it has no place in a flat dict of numbers and text";
const char pickle_too_long[] =
    "is refused: it makes an integer that no double holds exactly";

const struct pickle_opcode pickle_opcodes[256] = {
    [PROTO] = {"PROTO", ARG_1, NULL},
    [FRAME] = {"FRAME", ARG_8, NULL},
    [STOP] = {"STOP", ARG_NONE, NULL},
    [MARK] = {"MARK", ARG_NONE, NULL},
    [DICT] = {"DICT", ARG_NONE, NULL},
    [EMPTY_DICT] = {"EMPTY_DICT", ARG_NONE, NULL},
    [SETITEM] = {"SETITEM", ARG_NONE, NULL},
    [SETITEMS] = {"SETITEMS", ARG_NONE, NULL},
    [FLOAT] = {"FLOAT", ARG_LINE, NULL},
    [BINFLOAT] = {"BINFLOAT", ARG_8, NULL},
    [INT] = {"INT", ARG_LINE, NULL},
    [BININT] = {"BININT", ARG_4, NULL},
    [BININT1] = {"BININT1", ARG_1, NULL},
    [BININT2] = {"BININT2", ARG_2, NULL},
    [LONG] = {"LONG", ARG_LINE, NULL},
    [LONG1] = {"LONG1", ARG_SIZED1, NULL},
    [UNICODE] = {"UNICODE", ARG_LINE, NULL},
    [BINUNICODE] = {"BINUNICODE", ARG_SIZED4, NULL},
    [SHORT_BINUNICODE] = {"SHORT_BINUNICODE", ARG_SIZED1, NULL},
    [BINUNICODE8] = {"BINUNICODE8", ARG_SIZED8, NULL},
    [GET] = {"GET", ARG_LINE, NULL},
    [BINGET] = {"BINGET", ARG_1, NULL},
    [LONG_BINGET] = {"LONG_BINGET", ARG_4, NULL},
    [PUT] = {"PUT", ARG_LINE, NULL},
    [BINPUT] = {"BINPUT", ARG_1, NULL},
    [LONG_BINPUT] = {"LONG_BINPUT", ARG_4, NULL},
    [MEMOIZE] = {"MEMOIZE", ARG_NONE, NULL},

    ['c'] = {"GLOBAL", ARG_LINES, pickle_runs_code},
    [0x93] = {"STACK_GLOBAL", ARG_NONE, pickle_runs_code},
    ['R'] = {"REDUCE", ARG_NONE, pickle_runs_code},
    ['b'] = {"BUILD", ARG_NONE, pickle_runs_code},
    ['i'] = {"INST", ARG_LINES, pickle_runs_code},
    ['o'] = {"OBJ", ARG_NONE, pickle_runs_code},
    [0x81] = {"NEWOBJ", ARG_NONE, pickle_runs_code},
    [0x92] = {"NEWOBJ_EX", ARG_NONE, pickle_runs_code},
    [0x82] = {"EXT1", ARG_1, pickle_runs_code},
    [0x83] = {"EXT2", ARG_2, pickle_runs_code},
    [0x84] = {"EXT4", ARG_4, pickle_runs_code},
    ['P'] = {"PERSID", ARG_LINE, pickle_runs_code},
    ['Q'] = {"BINPERSID", ARG_NONE, pickle_runs_code},

    ['N'] = {"NONE", ARG_NONE, none_value},
    [0x88] = {"NEWTRUE", ARG_NONE, pickle_bool_value},
    [0x89] = {"NEWFALSE", ARG_NONE, pickle_bool_value},
    ['S'] = {"STRING", ARG_LINE, bytes_value},
    ['T'] = {"BINSTRING", ARG_SIZED4, bytes_value},
    ['U'] = {"SHORT_BINSTRING", ARG_SIZED1, bytes_value},
    ['B'] = {"BINBYTES", ARG_SIZED4, bytes_value},
    ['C'] = {"SHORT_BINBYTES", ARG_SIZED1, bytes_value},
    [0x8e] = {"BINBYTES8", ARG_SIZED8, bytes_value},
    [0x96] = {"BYTEARRAY8", ARG_SIZED8, bytes_value},
    [0x8b] = {"LONG4", ARG_SIZED4, pickle_too_long},
    [']'] = {"EMPTY_LIST", ARG_NONE, pickle_no_value},
    ['l'] = {"LIST", ARG_NONE, pickle_no_value},
    [')'] = {"EMPTY_TUPLE", ARG_NONE, pickle_no_value},
    ['t'] = {"TUPLE", ARG_NONE, pickle_no_value},
    [0x85] = {"TUPLE1", ARG_NONE, pickle_no_value},
    [0x86] = {"TUPLE2", ARG_NONE, pickle_no_value},
    [0x87] = {"TUPLE3", ARG_NONE, pickle_no_value},
    [0x8f] = {"EMPTY_SET", ARG_NONE, pickle_no_value},
    [0x91] = {"FROZENSET", ARG_NONE, pickle_no_value},
    ['a'] = {"APPEND", ARG_NONE, pickle_no_place},
    ['e'] = {"APPENDS", ARG_NONE, pickle_no_place},
    [0x90] = {"ADDITEMS", ARG_NONE, pickle_no_place},
    ['0'] = {"POP", ARG_NONE, pickle_no_place},
    ['1'] = {"POP_MARK", ARG_NONE, pickle_no_place},
    ['2'] = {"DUP", ARG_NONE, pickle_no_place},
    [0x97] = {"NEXT_BUFFER", ARG_NONE, pickle_no_place},
    [0x98] = {"READONLY_BUFFER", ARG_NONE, pickle_no_place},
};
