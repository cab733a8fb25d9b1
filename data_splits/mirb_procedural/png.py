"""PNG files whose bytes are the same on every machine.

Compressors differ in their bytes (zlib, zlib-ng, versions of either), so this one is our own and small: rows filtered
by "up", runs of a byte as matches at distance 1, fixed Huffman codes. Flat pictures become small, noisy ones stay at
about the size of their pixels.

References: RFC 1950, RFC 1951 (section 3.2.6), the PNG specification.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from data_splits.question import ColourImage

LONGEST = 258
UP = 2


def encode(picture: ColourImage) -> bytes:
    """An RGB picture as PNG: with a palette where it has at most 256 colours, else in true colour."""
    height, width = picture.shape[:2]
    wide = picture.astype(np.uint32)
    colours, places = np.unique((wide[:, :, 0] << 16 | wide[:, :, 1] << 8 | wide[:, :, 2]).ravel(), return_inverse=True)
    chunks = []
    if len(colours) <= 256:
        rows = places.reshape(height, width).astype(np.uint8)
        palette = np.stack([colours >> 16, colours >> 8 & 255, colours & 255], axis=1).astype(np.uint8)
        chunks.append((b"PLTE", palette.tobytes()))
        kind = 3
    else:
        rows, kind = picture.reshape(height, 3 * width), 2
    filtered = np.empty((height, rows.shape[1] + 1), np.uint8)
    filtered[:, 0] = UP
    filtered[0, 1:] = rows[0]
    filtered[1:, 1:] = rows[1:] - rows[:-1]
    data = filtered.tobytes()
    stream = b"\x78\x01" + deflate(filtered.ravel()) + struct.pack(">I", zlib.adler32(data))
    head = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    chunks = [(b"IHDR", head), *chunks, (b"IDAT", stream), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in chunks)


def deflate(data: NDArray[np.uint8]) -> bytes:
    """Bytes as one deflate block with fixed codes."""
    starts = np.flatnonzero(np.concatenate([[True], data[1:] != data[:-1]]))
    values = data[starts].astype(np.int64)
    lengths = np.diff(np.concatenate([starts, [len(data)]]))
    # A run is its byte, then matches of up to 258 at distance 1; one or two bytes left over are written out.
    full, rest = np.divmod(lengths - 1, LONGEST)
    tail = np.where(rest >= 3, 1, rest)
    tokens = 1 + full + tail
    owner = np.repeat(np.arange(len(values)), tokens)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(tokens) - tokens, tokens)
    in_full = (place >= 1) & (place <= full[owner])
    in_match = (place > full[owner]) & (rest[owner] >= 3)
    symbol = values[owner]
    symbol = np.where(in_full, 256 + LONGEST, symbol)
    symbol = np.where(in_match, 256 + rest[owner], symbol)
    codes, sizes = _TABLE
    return _packed(
        np.concatenate([[3], codes[symbol], [0]]),  # last block, fixed codes; ...; end of block
        np.concatenate([[3], sizes[symbol], [7]]),
    )


def _packed(codes: NDArray[np.int64], sizes: NDArray[np.int64]) -> bytes:
    """Codes of different sizes one after the other, lowest bit first."""
    place = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    bits = (np.repeat(codes, sizes) >> place & 1).astype(np.uint8)
    return np.packbits(bits, bitorder="little").tobytes()


def _reversed(code: int, size: int) -> int:
    return int(f"{code:0{size}b}"[::-1], 2)


def _table() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Code and size of each byte (0 to 255) and of each match of length n at distance 1 (256 + n, n from 3 to 258)."""
    codes, sizes = np.zeros(256 + LONGEST + 1, np.int64), np.zeros(256 + LONGEST + 1, np.int64)
    for byte in range(256):
        code, size = (0x30 + byte, 8) if byte < 144 else (0x190 + byte - 144, 9)
        codes[byte], sizes[byte] = _reversed(code, size), size
    for length in range(3, LONGEST + 1):
        symbol, extra, more = _length_symbol(length)
        code, size = (symbol - 256, 7) if symbol < 280 else (0xC0 + symbol - 280, 8)
        codes[256 + length] = _reversed(code, size) | more << size  # then five zero bits: distance 1
        sizes[256 + length] = size + extra + 5
    return codes, sizes


def _length_symbol(length: int) -> tuple[int, int, int]:
    """Symbol, number of extra bits and their value for a match length (RFC 1951, 3.2.5)."""
    if length == LONGEST:
        return 285, 0, 0
    if length <= 10:
        return 254 + length, 0, 0
    extra = (length - 3).bit_length() - 3
    step, more = divmod(length - 3, 1 << extra)
    return 257 + 4 * extra + step, extra, more


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


_TABLE = _table()
