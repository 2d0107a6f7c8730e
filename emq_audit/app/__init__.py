"""The app: the same Report as every other face, on pages one can click through. The only package that knows Streamlit."""

from collections.abc import Sequence
from os import PathLike


def run(logs: Sequence[str | PathLike[str]] = (), *, port: int | None = None, headless: bool = False) -> None:
    """Serve the app on this computer until it is stopped; see `emq_audit.app.serve.run`."""
    from emq_audit.app import serve  # Streamlit takes half a second to import

    serve.run(logs, port=port, headless=headless)
