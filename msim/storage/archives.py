"""Errors of reading a zip archive whose bytes are not those that were written."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib

# One bit says that a member is encrypted (RuntimeError), packed by another method (the errors of zlib and lzma; of bz2
# and of another version they are OSError and NotImplementedError, which is a RuntimeError), or of another length.
UNREADABLE_ARCHIVE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    OSError,
    EOFError,
    KeyError,
    ValueError,
    RuntimeError,
    OverflowError,
)
