"""The playbooks: every fix has steps on every way to run the Conversions API. What their code does: test_snippets.py."""

import re
import tomllib
from dataclasses import replace
from importlib.resources import files

import pytest
from markupsafe import escape
from streamlit.testing.v1 import AppTest

from emq_audit.fixes import METHODS, snippet
from emq_audit.opportunities import OPPORTUNITIES
from emq_audit.remedies import BY_ID
from emq_audit.report.html import to_html
from tests.sample_report import sample_report

FIELDS = {"steps", "code", "language", "note", "also"}
LANGUAGES = {"python", "javascript", "php", "nginx"}
LONGEST = 300
"""Characters a step may have: more is no longer one thing to do."""

PLAYBOOKS = {
    method: tomllib.loads(
        files("emq_audit").joinpath("playbooks", f"{method}.toml").read_text(encoding="utf-8")
    )
    for method in METHODS
}
ENTRIES = [
    pytest.param(entry, id=f"{method}/{fix}")
    for method, playbook in PLAYBOOKS.items()
    for fix, entry in playbook.items()
]
WORDS = [
    pytest.param(words, id=f"{method}/{fix}/{place}")
    for method, playbook in PLAYBOOKS.items()
    for fix, entry in playbook.items()
    for place, words in enumerate([*entry["steps"], entry.get("note")])
    if words is not None
]


@pytest.mark.parametrize("method", METHODS)
def test_every_remedy_has_an_entry_and_there_is_no_other(method):
    assert set(PLAYBOOKS[method]) == set(BY_ID) | {one.id for one in OPPORTUNITIES}


@pytest.mark.parametrize("entry", ENTRIES)
def test_entry_has_two_to_five_steps_and_no_unknown_field(entry):
    assert 2 <= len(entry["steps"]) <= 5
    assert len(set(entry["steps"])) == len(entry["steps"])
    assert set(entry) <= FIELDS


@pytest.mark.parametrize("entry", ENTRIES)
def test_code_and_language_come_together(entry):
    assert ("code" in entry) == ("language" in entry)
    if "code" in entry:
        assert entry["language"] in LANGUAGES
        assert entry["code"].strip()


@pytest.mark.parametrize("entry", ENTRIES)
def test_other_languages_stand_beside_python(entry):
    if entry.get("language") == "python":
        assert set(entry["also"]) == {"javascript", "php"}
        assert all(code.strip() for code in entry["also"].values())
    else:
        assert "also" not in entry


@pytest.mark.parametrize("entry", ENTRIES)
def test_code_is_no_wider_than_the_steps_can_show(entry):
    lines = "".join([entry.get("code", ""), *entry.get("also", {}).values()]).splitlines()
    assert [line for line in lines if len(line) > 140] == []


@pytest.mark.parametrize("entry", ENTRIES)
def test_steps_speak_of_code_below_only_where_there_is_some(entry):
    named = any(re.search(r"(?<!under )\bbelow\b(?! \d)|second function", step) for step in entry["steps"])
    assert named == ("code" in entry)


@pytest.mark.parametrize("entry", ENTRIES)
def test_last_step_says_how_to_see_that_it_worked(entry):
    assert re.search(r"Test Events|[Aa]udit (a|the) (new )?log", entry["steps"][-1])


@pytest.mark.parametrize("words", WORDS)
def test_words_are_calm_whole_sentences(words):
    assert words == words.strip() and "  " not in words
    assert words.endswith(".") and "!" not in words
    assert words[0].isupper()
    assert words.count("`") % 2 == 0


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_step_is_one_sentence(entry):
    for step in entry["steps"]:
        plain = re.sub(r"`[^`]*`", "x", step)
        assert not re.search(r"[.?] +[A-Z]", plain), step
        assert len(step) <= LONGEST, step


def test_a_snippet_carries_its_code_in_all_languages():
    found = snippet("direct-api", "use-sha256")
    assert (found.language, list(found.also)) == ("python", ["javascript", "php"])
    assert "createHash" in found.also["javascript"] and not found.also["php"].startswith("\n")
    assert snippet("direct-api", "same-event-id-on-both-sides").also == {}


def test_the_app_offers_every_language():
    def drawn():
        from emq_audit.app.views.fixes import _snippet
        from emq_audit.fixes import snippet

        _snippet(snippet("direct-api", "use-sha256"))
        _snippet(snippet("direct-api", "same-event-id-on-both-sides"))

    test = AppTest.from_function(drawn).run()
    assert not test.exception
    assert [tab.label for tab in test.tabs] == ["Python", "Node", "PHP"]
    found = snippet("direct-api", "use-sha256")
    assert [tab.code[0].value for tab in test.tabs] == [found.code, *found.also.values()]
    assert len(test.code) == 4  # one language needs no tabs


def test_the_report_folds_the_other_languages():
    found = snippet("direct-api", "use-sha256")
    report = sample_report()
    fix = replace(report.fixes[0], steps={"direct-api": ("Do it.",)}, snippets={"direct-api": found})
    page = to_html(replace(report, fixes=(fix,)))
    for language, code in (("Node", found.also["javascript"]), ("PHP", found.also["php"])):
        assert f"<details><summary>The same in {language}</summary>" in page
        assert escape(code) in page
