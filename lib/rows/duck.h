/*
 * duck - DuckDB's C library, libduckdb.so, which reads and writes Parquet.  It
 * is never linked, but loaded when the first Parquet shard is met.
 *
 * It is the file that the setting duckdb names (base/setting.h); without that,
 * the one beside the programs, in their ../lib/shardkit, or in the system's
 * directories.  It runs in one thread and loads no extension.
 *
 * The declarations follow DuckDB's documentation of its C API, with pointers
 * for its handles.  A process that has opened the library must not fork.
 */
#ifndef SHARD_DUCK_H
#define SHARD_DUCK_H

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"

enum duck_type {
	DUCK_BOOLEAN = 1,
	DUCK_BIGINT = 5,
	DUCK_DOUBLE = 11,
	DUCK_TIMESTAMP = 12,
	DUCK_DATE = 13,
	DUCK_VARCHAR = 17,
	DUCK_TIMESTAMP_NS = 22,
	DUCK_TIMESTAMP_TZ = 31,
};

struct duck_result {
	uint64_t count[3];
	void *data[3];
};

/* A VARCHAR; up to 12 bytes lie inside, from prefix on. */
struct duck_string {
	uint32_t n;
	char prefix[4];
	const char *p;
};

/* Returns the bytes of a VARCHAR, valid as long as s and its chunk. */
static inline struct bytes
duck_text(const struct duck_string *s)
{
	return s->n <= 12 ? bytes_of(s->prefix, s->n) : bytes_of(s->p, s->n);
}

/* The functions that are used, an open database and a connection to it. */
struct duck {
	void *lib, *db, *conn;
	int (*duckdb_create_config)(void **config);
	int (*duckdb_set_config)(
	    void *config, const char *name, const char *value);
	void (*duckdb_destroy_config)(void **config);
	int (*duckdb_open_ext)(
	    const char *path, void **db, void *config, char **error);
	int (*duckdb_connect)(void *db, void **conn);
	void (*duckdb_free)(void *p);
	int (*duckdb_prepare)(void *conn, const char *sql, void **stmt);
	const char *(*duckdb_prepare_error)(void *stmt);
	void (*duckdb_destroy_prepare)(void **stmt);
	int (*duckdb_pending_prepared_streaming)(void *stmt, void **pending);
	const char *(*duckdb_pending_error)(void *pending);
	int (*duckdb_execute_pending)(void *pending, struct duck_result *r);
	void (*duckdb_destroy_pending)(void **pending);
	const char *(*duckdb_result_error)(struct duck_result *r);
	void (*duckdb_destroy_result)(struct duck_result *r);
	uint64_t (*duckdb_column_count)(struct duck_result *r);
	int (*duckdb_column_type)(struct duck_result *r, uint64_t column);
	void *(*duckdb_fetch_chunk)(struct duck_result r);
	uint64_t (*duckdb_data_chunk_get_size)(void *chunk);
	void *(*duckdb_data_chunk_get_vector)(void *chunk, uint64_t column);
	void (*duckdb_destroy_data_chunk)(void **chunk);
	void *(*duckdb_vector_get_data)(void *vector);
	uint64_t *(*duckdb_vector_get_validity)(void *vector);
	/* a table that this program fills */
	void *(*duckdb_create_table_function)(void);
	void (*duckdb_destroy_table_function)(void **f);
	void (*duckdb_table_function_set_name)(void *f, const char *name);
	void (*duckdb_table_function_set_bind)(void *f, void (*fn)(void *info));
	void (*duckdb_table_function_set_init)(void *f, void (*fn)(void *info));
	void (*duckdb_table_function_set_function)(
	    void *f, void (*fn)(void *info, void *chunk));
	int (*duckdb_register_table_function)(void *conn, void *f);
	void (*duckdb_bind_add_result_column)(
	    void *info, const char *name, void *type);
	void (*duckdb_init_set_max_threads)(void *info, uint64_t n);
	void (*duckdb_function_set_error)(void *info, const char *what);
	void *(*duckdb_create_logical_type)(int type);
	void (*duckdb_destroy_logical_type)(void **type);
	void (*duckdb_data_chunk_set_size)(void *chunk, uint64_t n);
	void (*duckdb_vector_ensure_validity_writable)(void *vector);
	void (*duckdb_validity_set_row_invalid)(uint64_t *valid, uint64_t row);
	void (*duckdb_vector_assign_string_element_len)(
	    void *vector, uint64_t row, const char *p, uint64_t n);
};

/* Returns the library, which the first call loads and opens for the whole
 * process; NULL on error. */
const struct duck *duck_get(struct err *e);

/* These append a name and a text as SQL quotes them. */
void duck_put_name(struct buf *sql, struct bytes name);
void duck_put_text(struct buf *sql, const char *text);

/* A query, whose rows come in chunks. */
struct duck_query {
	const struct duck *d;
	void *stmt, *pending, *chunk;
	struct duck_result result;
	bool open;
};

/* Begins a query.  The caller ends it with duck_end(), also after an error. */
MUST_CHECK int duck_query(struct duck_query *q, const char *sql, struct err *e);
/* Fetches a chunk of *n rows, valid until the next call, and returns 1; returns
 * 0 at the end, -1 on error. */
MUST_CHECK int duck_fetch(struct duck_query *q, uint64_t *n, struct err *e);
/* Returns the values of a column of the chunk.  *valid has a bit for each row,
 * set where the value is not NULL; it is NULL when no value is. */
const void *
duck_column(struct duck_query *q, uint64_t column, const uint64_t **valid);
/* Frees what the query holds. */
void duck_end(struct duck_query *q);

#endif
