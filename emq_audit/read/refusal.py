"""Why one file is not read, while the others are."""


class Refusal(Exception):
    """`reason` is a clause about the file ("it is a PDF document"). `final`: neither is anything else in the same archive."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.final = final
