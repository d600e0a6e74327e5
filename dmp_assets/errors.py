"""The one exception for mistakes that the person at the keyboard can mend.

Its message says what was wrong, in which file, row or setting, and what to do. The command line prints it without a stack
trace; Dagster shows it as the reason of the failed step.
"""


class UserError(Exception):
    """Something outside the code is wrong; the message says what and how to put it right."""
