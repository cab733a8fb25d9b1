"""A bitmap font of our own: 5 x 9 dots a glyph, printable ASCII.

Each glyph is nine rows from top to bottom; a row is one base-32 digit (0-9, a-v) whose five bits are the dots from left
(16) to right (1). Capitals and digits use rows 0 to 6, the last two rows hold descenders. Short strings are padded with
empty rows.
"""

from __future__ import annotations

WIDTH, HEIGHT = 5, 9

GLYPHS: dict[str, str] = {
    " ": "", "!": "4444404", '"': "aaa", "#": "aavavaa", "$": "4fke5u4", "%": "op248j3", "&": "cik8lid", "'": "448",
    "(": "2488842", ")": "8422248", "*": "04lel40", "+": "044v440", ",": "00000cc48", "-": "000e000", ".": "00000cc",
    "/": "01248g0", "0": "ehjlphe", "1": "4c4444e", "2": "eh1248v", "3": "v2421he", "4": "26aiv22", "5": "vgu11he",
    "6": "68guhhe", "7": "v124888", "8": "ehhehhe", "9": "ehhf12c", ":": "0cc0cc0", ";": "0cc0cc48", "<": "248g842",
    "=": "00v0v00", ">": "8421248", "?": "eh12404", "@": "eh1dlle", "A": "ehhvhhh", "B": "uhhuhhu", "C": "ehggghe",
    "D": "sihhhis", "E": "vgguggv", "F": "vgguggg", "G": "ehgnhhf", "H": "hhhvhhh", "I": "e44444e", "J": "72222ic",
    "K": "hikokih", "L": "ggggggv", "M": "hrllhhh", "N": "hpljhhh", "O": "ehhhhhe", "P": "uhhuggg", "Q": "ehhhlid",
    "R": "uhhukih", "S": "fgge11u", "T": "v444444", "U": "hhhhhhe", "V": "hhhhha4", "W": "hhhllla", "X": "hha4ahh",
    "Y": "hha4444", "Z": "v1248gv", "[": "e88888e", "\\": "0g84210", "]": "e22222e", "^": "4ah", "_": "0000000v",
    "`": "842", "a": "00e1fhf", "b": "ggmphhu", "c": "00eggge", "d": "11djhhf", "e": "00ehvge", "f": "698s888",
    "g": "00fhhhf1e", "h": "ggmphhh", "i": "40c444e", "j": "2062222ic", "k": "ggikoki", "l": "c444446", "m": "00qllhh",
    "n": "00mphhh", "o": "00ehhhe", "p": "00uhhhugg", "q": "00fhhhf11", "r": "00mpggg", "s": "00fge1u", "t": "88s8896",
    "u": "00hhhjd", "v": "00hhha4", "w": "00hhlla", "x": "00ha4ah", "y": "00hhhhf1e", "z": "00v248v", "{": "2448442",
    "|": "444444444", "}": "8442448", "~": "008l2",
}  # fmt: skip
