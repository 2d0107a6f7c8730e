"""The architecture is a direction: each stage knows only what came before it, and only the app knows Streamlit. And the linter agrees."""

import subprocess
import sys
from pathlib import Path

from importlinter.cli import lint_imports


def test_imports_run_one_way() -> None:
    assert lint_imports() == 0, "run `lint-imports` to see which import turns back"


def test_the_linter_finds_nothing() -> None:
    found = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "."], cwd=Path(__file__).parents[1], capture_output=True, text=True
    )
    assert found.returncode == 0, found.stdout
