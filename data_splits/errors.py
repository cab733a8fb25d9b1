"""The one exception that a command line turns into a short message and exit code 2."""


class UserError(Exception):
    """Something the user can mend: the message says what is wrong and names the fix, in one or two lines.

    Never put text or pixels of a case in the message: it may be logged, and the case may be credentialed.
    """


class ImageUnreadable(UserError):
    """An image file that cannot be decoded, or is not the kind of image that was asked for."""
