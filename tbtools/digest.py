"""Digests of names, without hashlib.

That loads OpenSSL as well, which takes as long as all else that a small command imports, and where
there is no memory for it logs a page of tracebacks.
"""

from __future__ import annotations

try:
    from _blake2 import blake2b
except ModuleNotFoundError:  # a Python built to have its digests from OpenSSL alone
    from hashlib import blake2b


def digest(data: bytes, size: int) -> str:
    """A BLAKE2b digest of so many bytes, in hexadecimal digits."""
    return blake2b(data, digest_size=size).hexdigest()
