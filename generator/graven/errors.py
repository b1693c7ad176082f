"""The ways a command fails, each with the sentence its user reads.

A message says what was found, what was expected and the likely fix; nothing prints a traceback.
"""


class GravenError(Exception):
    """Bad use or bad input."""

    exit_code = 2


class BudgetError(GravenError):
    """The model does not fit what the user allows it."""

    exit_code = 1


class ToolError(GravenError):
    """A compiler, an emulator or another tool failed or is missing."""

    exit_code = 3
