"""The quick looks of vocabulary.sql never settle what the thorough ones would judge otherwise."""

import re
from collections.abc import Iterator
from importlib.resources import files
from ipaddress import ip_address
from pathlib import Path

import duckdb
import pytest

from emq_audit.events import connect

PLACEHOLDERS = (
    *"null undefined none nan n/a nil unknown - -- false true test guest anonymous email phone test@test.com test@example.com".split(),
    *"example@test.com example@example.com 0 000 +0 {{user.email}} xxx xxxxx (none)".split(), "not set", "(not set)", "[object Object]",
)  # fmt: skip


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(Path(tmp_path_factory.mktemp("vocabulary")), 0) as found:
        yield found


def test_no_placeholder_is_plainly_an_id(con: duckdb.DuckDBPyConnection):
    forms = [form for word in PLACEHOLDERS for form in (word, word.upper(), word.title(), f" {word}\t")]
    rows = con.execute("SELECT word, is_placeholder(word), is_plainly_an_id(word) FROM (SELECT unnest($1) AS word)", [forms]).fetchall()
    assert [word for word, placeholder, _ in rows if not placeholder] == []
    assert [word for word, _, plainly in rows if plainly] == []


def test_every_placeholder_of_the_macro_is_tried():
    """A word that is added to the macro is to be added here."""
    text = files("emq_audit").joinpath("vocabulary.sql").read_text("utf-8")
    listed = re.search(r"MACRO is_placeholder\(text\).*?'\(\?i\)(.*?)'\);", text, re.S)[1]
    words = re.split(r"\|(?![^(]*\))", listed)
    assert [word for word in words if not any(re.fullmatch(word, tried, re.I) for tried in PLACEHOLDERS)] == []


def test_what_is_plainly_public_is_an_ordinary_address(con: duckdb.DuckDBPyConnection):
    firsts = [str(number) for number in range(300)] + ["01", "1a", ""]
    rests = [f".{a}.{b}.7" for a in (0, 16, 31, 64, 88, 99, 127, 168, 255, 256) for b in (0, 2, 100, 113, 255)] + [".1.1", ".1.1.1.1"]
    texts = [first + rest for first in firsts for rest in rests]
    rows = con.execute(
        "SELECT text, is_ipv4(text) AND ipv4_state(text) = 'usable' FROM (SELECT unnest($1) AS text) WHERE is_plainly_public(text)", [texts]
    ).fetchall()
    assert len(rows) > 5_000
    assert [text for text, ordinary in rows if not ordinary or not ip_address(text).is_global] == []


def test_a_page_of_an_ordinary_shop_is_told_at_one_look(con: duckdb.DuckDBPyConnection):
    texts = {
        "https://shop.example.com/": "ok", "http://a.dk/x?y=1": "ok", "https://shop.test/": "local", "https://shop.local/": "local",
        "https://127.0.0.1/": "local", "https://localhost/": "local", "https://10.0.0.1/a": "local",
    }  # fmt: skip
    found = dict(con.execute("SELECT text, CAST(url_state(text) AS VARCHAR) FROM (SELECT unnest($1) AS text)", [list(texts)]).fetchall())
    assert found == texts


@pytest.mark.parametrize("appendix", [".AQICAQMC", ".Ag"])
def test_only_what_parameter_builder_appends_is_taken_away(con: duckdb.DuckDBPyConnection, appendix: str):
    cookies = ("fb.1.1700000000000.1234567", "fb.1.1700000000000.12345678", "fb.2.1700000000000.Ag", "fb.1.1700000000000.IwAR0.AQICAQM")
    hashes = ("5" * 64, "5" * 64 + ".A", "A" * 64 + ".AQICAQMC", "customer.12345678", "x" * 70 + ".Ag", "")
    for macro, values, whole in (("bare_cookie", cookies, 3), ("bare_hash", hashes, 1)):
        sent = [*values, *(value + appendix for value in values[:whole])]
        rows = con.execute(f"SELECT {macro}(text) FROM (SELECT unnest($1) AS text)", [sent]).fetchall()
        assert [text for (text,) in rows] == [*values, *values[:whole]]
