"""Writes the PNG kinds that Pillow cannot: 16 bits a channel, and 2 or 4 bits of grey."""

import struct
import zlib

import numpy as np

GREY, RGB, GREY_ALPHA, RGBA = 0, 2, 4, 6
CHANNELS = {GREY: 1, RGB: 3, GREY_ALPHA: 2, RGBA: 4}


def encode(samples: np.ndarray, colour_type: int, bits: int) -> bytes:
    """`samples` is height x width x channels, each sample of the given number of bits."""
    height, width = samples.shape[:2]
    rows = samples.reshape(height, width * CHANNELS[colour_type])
    if bits == 16:
        lines = rows.astype(">u2").view(np.uint8).reshape(height, -1)
    elif bits == 8:
        lines = rows.astype(np.uint8)
    else:
        ones = (rows[..., None].astype(np.uint8) >> np.arange(bits - 1, -1, -1, dtype=np.uint8)) & 1
        lines = np.packbits(ones.reshape(height, -1), axis=1)
    unfiltered = np.concatenate([np.zeros((height, 1), np.uint8), lines], axis=1)
    header = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, 0)
    chunks = {b"IHDR": header, b"IDAT": zlib.compress(unfiltered.tobytes()), b"IEND": b""}
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in chunks.items())


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
