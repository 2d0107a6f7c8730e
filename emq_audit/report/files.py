"""Writing a report to a file: whole or not at all."""

import os
import tempfile
from pathlib import Path

from emq_audit.errors import AuditError
from emq_audit.report import Report
from emq_audit.report.brand import Brand
from emq_audit.report.html import to_html
from emq_audit.report.json import to_json

KINDS = ("html", "json")


def kind_of(path: Path) -> str:
    """The kind of report a file name asks for. Raises AuditError for one we cannot write."""
    kind = path.suffix.lower().lstrip(".").replace("htm", "html").replace("htmll", "html")
    if kind not in KINDS:
        raise AuditError(f"A report cannot be written as {path.name}.", "End the name in .html or .json.")
    return kind


def brand_from(
    *, client: str = "", agency: str = "", logo: Path | None = None, accent: str | None = None
) -> Brand:
    """The brand that the words of the command line describe. Raises AuditError if the logo cannot be read."""
    try:
        picture = logo.read_bytes() if logo else None
    except OSError as error:
        raise AuditError(
            f"The logo {logo} cannot be read ({error.strerror}).", "Name a PNG, JPEG or SVG file."
        ) from None
    return Brand(client=client, agency=agency, logo=picture, **({"accent": accent} if accent else {}))


def write(report: Report, path: Path, kind: str, brand: Brand) -> None:
    """Write one face of the report; an interrupted run leaves the old file as it was."""
    text = to_html(report, brand) if kind == "html" else to_json(report)
    write_whole(path, text)


def write_whole(path: Path, text: str) -> None:
    """Write to a neighbour first, then put it in place of `path`. Raises AuditError if the folder refuses."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(name, 0o644)
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise AuditError(
            f"{path} cannot be written ({error.strerror}).", "Name a file in a folder you can write to."
        ) from None
