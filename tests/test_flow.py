"""The architecture is a direction: each stage knows only what came before it, and only the app knows Streamlit."""

from importlinter.cli import lint_imports


def test_imports_run_one_way() -> None:
    assert lint_imports() == 0, "run `lint-imports` to see which import turns back"
