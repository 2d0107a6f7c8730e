"""An HTML document as tests look at it."""

from html.parser import HTMLParser

VOID = {"meta", "img", "wbr", "col", "br"}


class Page(HTMLParser):
    """The document as a browser's parser would see it:

    elements with attributes, text by enclosing tag, and open tags left over.
    """

    def __init__(self, document: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.feed(document)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data):
        self.texts.append((self.open[-1] if self.open else "", data))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self) -> str:
        """What can be read, with single spaces."""
        return " ".join("".join(text for tag, text in self.texts if tag != "style").split())


def sections(page: Page) -> list[str]:
    return [attributes["id"] for attributes in page.all("section") if "id" in attributes]
