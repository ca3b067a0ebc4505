#!/usr/bin/env python3
"""The imputation oracle against answers worked out by hand."""

import os
import pickle
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import impute_oracle as oracle  # noqa: E402  (a file beside this one)
from oracle import read_shards  # noqa: E402


def shards(*texts, ext="csv"):
    return read_shards([("part-%d.%s" % (i, ext), text.encode()) for i, text in enumerate(texts)])


def fit(*texts, **options):
    options["column"] = {name.encode(): word for name, word in options.get("column", {}).items()}
    return oracle.Fit(shards(*texts), oracle.Options(**options))


def column(*values, **options):
    """The one fill of column x, which also has a missing cell."""
    cells = "".join(value + ",1\n" for value in values)
    return fit("x,y\n" + cells + ",1\n", **options).fills[0]


class Types(unittest.TestCase):
    def kind(self, *values):
        return oracle.type_of([value.encode() for value in values])

    def test_numbers(self):
        self.assertEqual(self.kind("0", "-0", "12"), "int")
        self.assertEqual(self.kind("99999999999999999999"), "int")
        self.assertEqual(self.kind("1", "1.0"), "float")
        self.assertEqual(self.kind(".5", "5.", "1E3", "-inf", "Infinity"), "float")
        self.assertEqual(self.kind("1", "0x10"), "text")
        self.assertEqual(self.kind("1", " 1"), "text")

    def test_codes_are_text(self):
        for code in ("007", "-07", "+7", "00.5", "0000"):
            self.assertEqual(self.kind("1", code), "text", code)
        self.assertEqual(self.kind("0.5", "-0.5", "0e3", "0"), "float")

    def test_others(self):
        self.assertEqual(self.kind("true", "False"), "bool")
        self.assertEqual(self.kind("true", "1"), "text")
        self.assertEqual(self.kind("2024-02-29", "2024-02-29 10:00", "2024-02-29T10:00:00.5"), "time")
        self.assertEqual(self.kind("2024-02-29T10:00:00Z", "2024-02-29 10:00:00+0130"), "time")
        self.assertEqual(self.kind("2024-02-29T10:00:00Z", "2024-02-29"), "text")
        self.assertEqual(self.kind("2023-02-29"), "text")
        self.assertEqual(self.kind("2024-01-01", "5"), "text")
        self.assertIsNone(self.kind())


class Missing(unittest.TestCase):
    def test_tokens_among_numbers(self):
        fill = column("1", "NA", "nAn", '""', "2")
        self.assertEqual((fill.value, fill.column.missing, fill.column.type), (b"1.5", 4, "int"))

    def test_tokens_among_text_are_data(self):
        fill = column("a", "NA", "NA", allow_na_fill=True)
        self.assertEqual((fill.value, fill.column.missing), (b"NA", 1))
        with self.assertRaises(oracle.Refused):
            column("a", "NA", "NA")

    def test_tokens_among_codes_are_data(self):
        self.assertEqual(column("007", "NA", "007").column.missing, 1)

    def test_one_text_makes_the_tokens_data(self):
        self.assertEqual(fit("x,y\n1,1\nNA,1\n,1\n", "x,y\noops,1\n").fills[0].column.missing, 1)

    def test_pandas_and_list(self):
        fill = column("a", "NA", "b", na="pandas")
        self.assertEqual((fill.value, fill.column.missing), (b"a", 2))
        fill = column("1", "-999", "?", "4", na="-999,?")
        self.assertEqual((fill.value, fill.column.missing), (b"2.5", 3))
        self.assertEqual(column("1", "NA", na="-999").column.type, "text")

    def test_only_tokens(self):
        with self.assertRaises(oracle.Doubtful):
            column("NA", "nan")
        self.assertEqual(column("NA", na="pandas").value, b"0.0")


class Numbers(unittest.TestCase):
    def test_exact_sum(self):
        self.assertEqual(column("1e16", "1", "-1e16", "1").value, b"0.5")
        self.assertEqual(column("0.1", "0.2", "0.3").value, b"0.2")  # naive addition: 0.20000000000000004
        self.assertEqual(column("1.7976931348623157e308", "1.7976931348623157e308").value, b"1.7976931348623157e+308")
        self.assertEqual(column("5e-324", "0.0", "5e-324").value, b"5e-324")  # 2/3 of it, rounded up
        self.assertEqual(column("5e-324", "0.0").value, b"0.0")  # a half, to even

    def test_spelling(self):
        self.assertEqual(column("1", "3").value, b"2")
        self.assertEqual(column("1", "2").value, b"1.5")
        self.assertEqual(column("1.0", "3").value, b"2.0")
        self.assertEqual(column("1e16", "1e16").value, b"1e+16")
        self.assertEqual(column("10000000000000000", "10000000000000000").value, b"10000000000000000")
        self.assertEqual(column("-1", "0").value, b"-0.5")
        self.assertEqual(column("100000000000000000000000").value, b"99999999999999991611392")
        self.assertEqual(column("1", "1", "2").value, b"1.3333333333333333")

    def test_integers_above_2_to_the_53(self):
        # The exact sum of 2^53 + 1 and 2^53 + 3 halved is 2^53 + 2.
        self.assertEqual(column("9007199254740993", "9007199254740995").value, b"9007199254740994")
        # As doubles they are 2^53 and 2^53 + 4; with a third, the exact mean differs from the doubles'.
        self.assertEqual(column("9007199254740993", "9007199254740993", "9007199254740992").value, b"9007199254740992")
        self.assertEqual(column("9007199254740993", numeric="median").value, b"9007199254740992")

    def test_median(self):
        self.assertEqual(column("3", "1", "2", numeric="median").value, b"2")
        self.assertEqual(column("10", "9", "2", "100", numeric="median").value, b"9.5")
        self.assertEqual(column("1.7e308", "1.7e308", numeric="median").value, b"1.7e+308")
        self.assertEqual(column("inf", "1.5", "-inf", numeric="median").value, b"1.5")

    def test_infinity_has_no_mean(self):
        with self.assertRaisesRegex(oracle.Refused, "x: mean of infinite"):
            column("inf", "1")

    def test_constant(self):
        self.assertEqual(column("1", numeric="constant").value, b"0")
        self.assertEqual(column("1", numeric="constant:2.50").value, b"2.5")
        self.assertEqual(column("1", numeric="constant:1e3").value, b"1000")
        self.assertEqual(column("1.5", numeric="constant:7").value, b"7.0")
        with self.assertRaises(oracle.Refused):
            column("1", numeric="constant:x")

    def test_no_value(self):
        self.assertEqual((column().value, column().number), (b"0.0", 0.0))
        fill = column(column={"x": "mode"})
        self.assertEqual((fill.value, fill.number), (b"Unknown", None))


class Texts(unittest.TestCase):
    def test_mode(self):
        self.assertEqual(column("b", "a", "b").value, b"b")
        self.assertEqual(column("b", "a", "B", "é").value, b"B")
        self.assertEqual(column('"a,b"', '"say ""hi"""', '"a,b"').value, b"a,b")
        self.assertEqual(column("true", "False", "true").value, b"true")
        self.assertEqual(column("true", "false", text="constant:x").value, b"false")

    def test_categorical(self):
        many = ["k%d" % (i % 3) for i in range(31)]
        self.assertEqual(column(*many, categorical="constant:C").value, b"C")
        self.assertEqual(column(*many[:30], categorical="constant:C").value, b"k0")  # 3 of 30 is not below 0.1
        self.assertEqual(column(*many[:30], categorical="constant:C", unique_ratio="0.11").value, b"C")

    def test_refused(self):
        for options in ({"text": "constant:"}, {"text": "constant:NA"}, {"column": {"x": "mean"}}):
            with self.assertRaisesRegex(oracle.Refused, "^x: "):
                column("a", **options)
        self.assertEqual(column("a", text="constant:", allow_na_fill=True).value, b"")
        self.assertEqual(column("a", text="empty").value, b"")
        with self.assertRaisesRegex(oracle.Refused, "nowhere"):
            column("a", exclude=["nowhere"])


class Columns(unittest.TestCase):
    TEXT = "a,b,c,d\n1,,x,\n,y,z,1\n"

    def names(self, **options):
        return [fill.column.name for fill in fit(self.TEXT, **options).fills]

    def test_which(self):
        self.assertEqual(self.names(), [b"a", b"b", b"d"])
        self.assertEqual(self.names(all_columns=True), [b"a", b"b", b"c", b"d"])
        self.assertEqual(self.names(exclude=["b"], label="d"), [b"a"])
        self.assertEqual(self.names(all_columns=True, label="c"), [b"a", b"b", b"d"])

    def test_last_shard(self):
        self.assertEqual(len(fit("x,y\n1,1\n", "x,y\n", "x,y\n,1\n").fills), 1)

    def test_table(self):
        self.assertEqual(
            fit('x__DOT__1,y\n"a\tb\\\nc",\n,2\n').table(),
            b"column\tstrategy\tvalue\tmissing\nx.1\tmode\ta\\tb\\\\\\nc\t1\ny\tmean\t2\t1\n",
        )

    def test_no_row(self):
        with self.assertRaises(oracle.Refused):
            fit("x,y\n")


class Filling(unittest.TestCase):
    def filled(self, train, other=None, ext="csv", **options):
        given = oracle.Options(**options)
        found = oracle.Fit(shards(train, ext=ext), given)
        return oracle.filled(shards(other or train, ext=ext)[0], found, given).decode()

    def test_cells_keep_their_bytes(self):
        self.assertEqual(self.filled('a,"b c"\r\n"1","x"\r\n"",\r\n'), 'a,"b c"\n"1","x"\n1,x\n')

    def test_quotes_where_needed(self):
        self.assertEqual(self.filled('a,b\n"x,y",1\n,2\n'), 'a,b\n"x,y",1\n"x,y",2\n')
        self.assertEqual(self.filled("a\tb\nx,y\t1\n\t2\n", ext="tsv"), "a\tb\nx,y\t1\nx,y\t2\n")
        self.assertEqual(self.filled('a,b\n" x",1\n,2\n'), 'a,b\n" x",1\n x,2\n')

    def test_types_are_those_of_train(self):
        self.assertEqual(self.filled("a,b\n1,z\n,z\n", "a,b\nNA,NA\noops,\n007,z\n"), "a,b\n1,NA\noops,\n007,z\n")

    def test_indicator(self):
        self.assertEqual(
            self.filled("a,b,c\n1,,z\n,2,z\n", indicator=True),
            "a,b,c,a_missing,b_missing\n1,2,z,0,1\n1,2,z,1,0\n",
        )

    def test_one_column(self):
        self.assertEqual(self.filled("a\n1\n\n"), "a\n1\n1\n")


class Comparing(unittest.TestCase):
    """What is right is found right, and each wrong thing is found."""

    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.fit = fit("n,f,t\n1,1.5,é\n,,\n")
        self.write("impute.tsv", self.fit.table())
        self.write("impute_dict.json", '{"n":1, "f":1.5,\n "t":"\\u00e9"}'.encode())
        self.write("impute_dict.pkl", pickle.dumps({"n": 1.0, "f": 1.5, "t": "é"}, 2))

    def write(self, name, data):
        with open(os.path.join(self.directory.name, name), "wb") as file:
            file.write(data)

    def differences(self):
        report = oracle.Report()
        report.say = lambda text: setattr(report, "count", report.count + 1)
        oracle.compare_artifacts(self.directory.name, self.fit, report, everything=False)
        return report.count

    def test_right(self):
        self.assertEqual(self.differences(), 0)

    def test_wrong(self):
        wrong = [
            ("impute_dict.json", b'{"f":1.5,"n":1,"t":"\xc3\xa9"}'),  # the order
            ("impute_dict.json", b'{"n":1.0,"f":1.5,"t":"\xc3\xa9"}'),  # the spelling
            ("impute_dict.json", b'{"n":"1","f":1.5,"t":"\xc3\xa9"}'),  # the kind
            ("impute_dict.json", b'{"n":1,"f":1.5}'),
            ("impute_dict.json", b'{"n":1,"f":1.5,"t":"\xe9"}'),
            ("impute_dict.pkl", pickle.dumps({"n": 1, "f": 1.5, "t": "é"}, 2)),
            ("impute_dict.pkl", pickle.dumps({"n": 1.0, "f": 1.5, "t": "é"}, 4)),
            ("impute_dict.pkl", pickle.dumps({"f": 1.5, "n": 1.0, "t": "é"}, 2)),
            ("impute.tsv", self.fit.table()[:-1]),
        ]
        for name, data in wrong:
            self.setUp()
            self.write(name, data)
            self.assertNotEqual(self.differences(), 0, (name, data))


if __name__ == "__main__":
    unittest.main()
