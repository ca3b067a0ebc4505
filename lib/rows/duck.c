#include "rows/duck.h"

#include <string.h>
#include <unistd.h>

#include "base/setting.h"
#include "io/dl.h"

/* The paths to try, in turn; "" where there is none. */
static void
candidate(int i, struct buf *b)
{
	static const char *const beside[] = {
	    "/libduckdb.so", "/../lib/shardkit/libduckdb.so"};
	const char *env = setting()->duckdb;
	char exe[4096];
	ssize_t n;

	buf_clear(b);
	if (env) {
		if (i == 0)
			buf_puts(b, env);
		return;
	}
	if (i < 2) {
		n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
		while (n > 0 && exe[n - 1] != '/')
			n--;
		if (n > 1)
			buf_printf(b, "%.*s%s", (int)n - 1, exe, beside[i]);
	} else if (i == 2) {
		buf_puts(b, "libduckdb.so");
	}
}

static void *
duck_load(struct err *e)
{
	struct buf b = BUF_ZERO, said = BUF_ZERO;
	void *lib = NULL;
	int i;

	for (i = 0; i < 3 && !lib; i++) {
		candidate(i, &b);
		if (!b.n)
			continue;
		lib = dlopen(buf_cstr(&b), RTLD_LAZY | RTLD_LOCAL);
		if (!lib && access(b.p, F_OK) == 0) /* there, but no good */
			buf_printf(&said, "; %s", dlerror());
	}
	if (!lib)
		err_set(e,
		    "Parquet is read and written by DuckDB's library, and there is "
		    "none: "
		    "`make parquet` gets it, or name a libduckdb.so in "
		    "SHARDKIT_DUCKDB%s",
		    buf_cstr(&said));
	buf_fini(&b);
	buf_fini(&said);
	return lib;
}

static int
bind_all(struct duck *d, struct err *e)
{
	return NEED(d, duckdb_create_config) < 0 ||
		NEED(d, duckdb_set_config) < 0 ||
		NEED(d, duckdb_destroy_config) < 0 ||
		NEED(d, duckdb_open_ext) < 0 || NEED(d, duckdb_connect) < 0 ||
		NEED(d, duckdb_free) < 0 || NEED(d, duckdb_prepare) < 0 ||
		NEED(d, duckdb_prepare_error) < 0 ||
		NEED(d, duckdb_destroy_prepare) < 0 ||
		NEED(d, duckdb_pending_prepared_streaming) < 0 ||
		NEED(d, duckdb_pending_error) < 0 ||
		NEED(d, duckdb_execute_pending) < 0 ||
		NEED(d, duckdb_destroy_pending) < 0 ||
		NEED(d, duckdb_result_error) < 0 ||
		NEED(d, duckdb_destroy_result) < 0 ||
		NEED(d, duckdb_column_count) < 0 ||
		NEED(d, duckdb_column_type) < 0 ||
		NEED(d, duckdb_fetch_chunk) < 0 ||
		NEED(d, duckdb_data_chunk_get_size) < 0 ||
		NEED(d, duckdb_data_chunk_get_vector) < 0 ||
		NEED(d, duckdb_destroy_data_chunk) < 0 ||
		NEED(d, duckdb_vector_get_data) < 0 ||
		NEED(d, duckdb_vector_get_validity) < 0 ||
		NEED(d, duckdb_create_table_function) < 0 ||
		NEED(d, duckdb_destroy_table_function) < 0 ||
		NEED(d, duckdb_table_function_set_name) < 0 ||
		NEED(d, duckdb_table_function_set_bind) < 0 ||
		NEED(d, duckdb_table_function_set_init) < 0 ||
		NEED(d, duckdb_table_function_set_function) < 0 ||
		NEED(d, duckdb_register_table_function) < 0 ||
		NEED(d, duckdb_bind_add_result_column) < 0 ||
		NEED(d, duckdb_init_set_max_threads) < 0 ||
		NEED(d, duckdb_function_set_error) < 0 ||
		NEED(d, duckdb_create_logical_type) < 0 ||
		NEED(d, duckdb_destroy_logical_type) < 0 ||
		NEED(d, duckdb_data_chunk_set_size) < 0 ||
		NEED(d, duckdb_vector_ensure_validity_writable) < 0 ||
		NEED(d, duckdb_validity_set_row_invalid) < 0 ||
		NEED(d, duckdb_vector_assign_string_element_len) < 0
	    ? -1
	    : 0;
}

static int
connect_db(struct duck *d, struct err *e)
{
	static const char *const options[][2] = {{"threads", "1"},
	    {"autoinstall_known_extensions", "false"},
	    {"autoload_known_extensions", "false"}};
	char *why = NULL;
	void *config;
	size_t i;
	int rc = 0;

	if (d->duckdb_create_config(&config) != 0)
		return err_set(e, "DuckDB: cannot start");
	for (i = 0; i < LEN(options); i++)
		if (d->duckdb_set_config(
			config, options[i][0], options[i][1]) != 0)
			rc = err_set(e, "DuckDB: no option %s", options[i][0]);
	if (rc == 0 && d->duckdb_open_ext(NULL, &d->db, config, &why) != 0) {
		rc = err_set(e, "DuckDB: %s", why ? why : "cannot start");
		d->duckdb_free(why);
	}
	d->duckdb_destroy_config(&config);
	if (rc == 0 && d->duckdb_connect(d->db, &d->conn) != 0)
		rc = err_set(e, "DuckDB: cannot connect");
	return rc;
}

const struct duck *
duck_get(struct err *e)
{
	static struct duck duck;

	if (duck.conn)
		return &duck;
	if (!duck.lib)
		duck.lib = duck_load(e);
	if (!duck.lib || bind_all(&duck, e) < 0 || connect_db(&duck, e) < 0)
		return NULL;
	return &duck;
}

/* The first line of what DuckDB says, without the kind of error in front. */
static int
failed(const char *what, struct err *e)
{
	const char *colon;

	if (!what || !*what)
		what = "DuckDB failed without a word";
	colon = strstr(what, "Error: ");
	if (colon && colon - what < 40)
		what = colon + 7;
	return err_set(e, "%.*s", (int)strcspn(what, "\n"), what);
}

static void
put_doubling(struct buf *b, struct bytes s, char quote)
{
	size_t i;

	buf_putc(b, quote);
	for (i = 0; i < s.n; i++) {
		if (s.p[i] == quote)
			buf_putc(b, quote);
		buf_putc(b, s.p[i]);
	}
	buf_putc(b, quote);
}

void
duck_put_name(struct buf *sql, struct bytes name)
{
	put_doubling(sql, name, '"');
}

void
duck_put_text(struct buf *sql, const char *text)
{
	put_doubling(sql, bytes_str(text), '\'');
}

int
duck_query(struct duck_query *q, const char *sql, struct err *e)
{
	const struct duck *d = duck_get(e);

	memset(q, 0, sizeof(*q));
	if (!d)
		return -1;
	q->d = d;
	if (d->duckdb_prepare(d->conn, sql, &q->stmt) != 0)
		return failed(d->duckdb_prepare_error(q->stmt), e);
	if (d->duckdb_pending_prepared_streaming(q->stmt, &q->pending) != 0)
		return failed(d->duckdb_pending_error(q->pending), e);
	q->open = true;
	if (d->duckdb_execute_pending(q->pending, &q->result) != 0)
		return failed(d->duckdb_result_error(&q->result), e);
	return 0;
}

int
duck_fetch(struct duck_query *q, uint64_t *n, struct err *e)
{
	const char *why;

	if (q->chunk)
		q->d->duckdb_destroy_data_chunk(&q->chunk);
	q->chunk = q->d->duckdb_fetch_chunk(q->result);
	if (!q->chunk) {
		why = q->d->duckdb_result_error(&q->result);
		return why && *why ? failed(why, e) : 0;
	}
	*n = q->d->duckdb_data_chunk_get_size(q->chunk);
	return *n > 0;
}

const void *
duck_column(struct duck_query *q, uint64_t column, const uint64_t **valid)
{
	void *v = q->d->duckdb_data_chunk_get_vector(q->chunk, column);

	*valid = q->d->duckdb_vector_get_validity(v);
	return q->d->duckdb_vector_get_data(v);
}

void
duck_end(struct duck_query *q)
{
	if (!q->d)
		return;
	if (q->chunk)
		q->d->duckdb_destroy_data_chunk(&q->chunk);
	if (q->open)
		q->d->duckdb_destroy_result(&q->result);
	if (q->pending)
		q->d->duckdb_destroy_pending(&q->pending);
	if (q->stmt)
		q->d->duckdb_destroy_prepare(&q->stmt);
	memset(q, 0, sizeof(*q));
}
