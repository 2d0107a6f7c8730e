"""The token: in the header alone, and in no output, log, exception or pickle."""

import logging
import pickle
import time
import traceback

import pytest

from emq_audit.errors import AuditError
from emq_audit.graph.client import Token
from emq_audit.graph.errors import clean
from tests.graph_cases import HASTY, ask, graph_of
from tests.graph_server import TOKEN, GraphServer, Next, error


@pytest.mark.parametrize("text", ["", "  ", "EAA\nx: y", "EAA b", "tökén", "EAA\x00"])
def test_a_text_that_is_no_token_is_refused_unseen(text: str) -> None:
    with pytest.raises(AuditError) as caught:
        Token(text)
    assert "EAA" not in caught.value.problem + caught.value.hint


def test_no_failure_shows_the_token(
    server: GraphServer, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture
) -> None:
    """Exception texts, whole tracebacks with every cause and context, logs down to DEBUG, standard output and error."""
    caplog.set_level(logging.DEBUG)
    shown: list[str] = []
    troubles = [
        Next(401, error(190, f"Malformed access token {TOKEN}")),
        Next(400, error(100, f"bad value {TOKEN}", 2804019, f"Title with {TOKEN}")),
        Next(400, error(100, "proof", None, f"https://graph.facebook.com/me?access_token={TOKEN}")),
        Next(500, b""),
        Next(200, b"<html>"),
        Next(200, b"{", cut=9),
        Next(302, b"", {"Location": f"http://127.0.0.1:1/?access_token={TOKEN}"}),
        Next(hang_up=True),
        Next(200, {}, delay=0.4),
    ]
    for trouble in troubles:
        server.coming[:] = [trouble, trouble]
        try:
            ask(server, HASTY)
        except AuditError as failed:
            told: BaseException | None = failed
            while told is not None:
                shown += [str(told), repr(told), repr(told.__dict__)]
                assert "httpx" not in type(told).__module__, "an exception that carries the request"
                told = told.__cause__ or told.__context__
            shown += traceback.format_exception(failed)
        else:
            pytest.fail(f"{trouble} did not fail")
    server.coming.clear()
    with graph_of(server) as graph:
        shown += [
            repr(graph),
            str(vars(graph)),
            repr(graph._http.headers),
            repr(Token(TOKEN)),
            str(Token(TOKEN)),
        ]
    shown += [record.getMessage() for record in caplog.records] + [caplog.text, *capsys.readouterr()]
    assert not [record for record in caplog.records if record.name.startswith(("httpx", "httpcore"))]
    assert not [text for text in shown if TOKEN in text or TOKEN[4:30] in text]


def test_a_token_is_not_pickled() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Token(TOKEN))


def test_what_meta_says_is_cleaned() -> None:
    said = f"Bad\x1b[31m <b>jane.roe@example.com</b> {'ab12' * 16} for {TOKEN}\r\n" + "word " * 200
    shown = clean(said, (TOKEN,))
    assert shown.isprintable() and len(shown) <= 300
    assert "jane.roe" not in shown and "ab12ab12" not in shown and TOKEN[:20] not in shown


def test_a_text_without_end_is_cleaned_at_once_and_shows_no_half_of_a_hash() -> None:
    start = time.perf_counter()
    assert len(clean("a" * 300_000)) <= 300
    assert time.perf_counter() - start < 2
    hashes = " ".join(["ab12" * 16] * 100)
    assert set(clean(hashes).rstrip("…").split()) <= {"ab12•••", "ab12••", "ab12•", "ab12", "ab1", "ab", "a"}
