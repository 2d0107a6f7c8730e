"""The one error a user sees: what is wrong, then what to do."""


class AuditError(Exception):
    """The audit cannot go on.

    `problem` says what is wrong in the user's own nouns, `hint` what to do next. The command line prints both on
    standard error and exits with 2; the app shows them in one box. Neither may hold a value from the log.
    """

    def __init__(self, problem: str, hint: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.hint = hint
