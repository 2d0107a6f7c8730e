"""Streamlit's own settings: server, privacy and theme, as `OPTIONS` and as the text of `.streamlit/config.toml`.

`streamlit run app.py` reads the file; `emq-audit app` passes OPTIONS, so both look and behave the same from any folder.
After a change here: `python -m emq_audit.app.theme > .streamlit/config.toml` (a test compares).
"""

import json
from typing import Any

from emq_audit.app.palette import DARK, LIGHT, Palette

UPLOAD_MB = (
    200  # an upload is held in memory about three times over while it is read; larger files go by their path
)

BEHAVIOUR: dict[str, Any] = {
    "browser.gatherUsageStats": False,
    "client.toolbarMode": "minimal",
    # The tables' own CSV would hand event names such as =HYPERLINK(…) to a spreadsheet.
    "client.disableDataExport": True,
    # Messages of exceptions can hold values from the log, and the links of an error box lead to other sites.
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    # Loopback only; with an address given, the server does not ask the internet for its own address either.
    "server.address": "127.0.0.1",
    # A page elsewhere that points its own host name at this computer is refused.
    "server.allowedHosts": ["localhost", "127.0.0.1"],
    "server.disconnectedSessionTTL": 30,
    "server.enableCORS": True,
    "server.enableXsrfProtection": True,
    "server.fileWatcherType": "none",
    "server.maxMessageSize": 200,
    "server.maxUploadSize": UPLOAD_MB,
    "server.showEmailPrompt": False,
}

SHAPES: dict[str, Any] = {
    "theme.font": "Inter, system-ui, sans-serif",
    "theme.codeFont": "JetBrains Mono, ui-monospace, monospace",
    "theme.baseFontSize": 15,
    "theme.headingFontSizes": ["1.75rem", "1.0625rem", "1rem", "0.9375rem", "0.875rem", "0.8125rem"],
    "theme.headingFontWeights": [600, 600, 600, 600, 600, 600],
    "theme.codeFontSize": "0.8125rem",
    "theme.baseRadius": "0.5rem",
    "theme.buttonRadius": "0.5rem",
    "theme.paddingTop": "1.25rem",
    "theme.paddingBottom": "4rem",
    "theme.linkUnderline": False,
    "theme.showWidgetBorder": True,
    "theme.showSidebarBorder": True,
}


def _colours(colour: Palette) -> dict[str, str]:
    """Every colour Streamlit asks for: those left out come back as pale see-through defaults."""
    families = {
        "red": (colour.poor, colour.poor_text, colour.poor_pill),
        "orange": (colour.close, colour.close_text, colour.close_pill),
        "yellow": (colour.close, colour.close_text, colour.close_pill),
        "green": (colour.good, colour.good_text, colour.good_pill),
        "blue": (colour.accent, colour.accent, colour.accent_tint),
        "violet": (colour.accent, colour.accent, colour.accent_tint),
        "gray": (colour.muted, colour.muted, colour.none_pill),
    }
    named = {
        "primaryColor": colour.accent,
        "backgroundColor": colour.page,
        "secondaryBackgroundColor": colour.panel,
        "textColor": colour.text,
        "linkColor": colour.accent,
        "borderColor": colour.border,
        "codeTextColor": colour.text,
        "codeBackgroundColor": colour.panel,
        "dataframeBorderColor": colour.border,
        "dataframeHeaderBackgroundColor": colour.panel,
        "dataframeHeaderTextColor": colour.muted,
    }
    for name, (mark, text, background) in families.items():
        named |= {f"{name}Color": mark, f"{name}TextColor": text, f"{name}BackgroundColor": background}
    return named


def _theme(name: str, colour: Palette) -> dict[str, Any]:
    sidebar = {
        "backgroundColor": colour.sidebar,
        "secondaryBackgroundColor": colour.page,
        "borderColor": colour.border,
    }
    return {f"theme.{name}.{key}": value for key, value in _colours(colour).items()} | {
        f"theme.{name}.sidebar.{key}": value for key, value in sidebar.items()
    }


OPTIONS = BEHAVIOUR | SHAPES | _theme("light", LIGHT) | _theme("dark", DARK)


def config_toml() -> str:
    """The text of `.streamlit/config.toml`. JSON writes these values the way TOML reads them."""
    lines = [
        "# Written by `python -m emq_audit.app.theme`: change emq_audit/app/theme.py or palette.py instead."
    ]
    section = ""
    for option, value in OPTIONS.items():
        table, _, key = option.rpartition(".")
        if table != section:
            lines += ["", f"[{table}]"]
            section = table
        lines.append(f"{key} = {json.dumps(value)}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(config_toml(), end="")
