"""The fingerprint of a data set: one sha256 that changes when a sample changes.

Arrays are hashed over their bytes, files over sorted (path, sha256 of the content). Paths are relative and POSIX, so
a folder and the tar made of it agree; cuts (`--limit`) change the fingerprint, splits and resizing do not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from pellucid.data.images import Array
from pellucid.storage.checksums import sha256_of_arrays


def fingerprint_arrays(arrays: Mapping[str, Array]) -> str:
    """sha256 (hex) over the name, dtype, shape and bytes of each array, in the order of the names."""
    return sha256_of_arrays(arrays)


def fingerprint_files(hashes: Mapping[str, str]) -> str:
    """sha256 (hex) over sorted (path, content hash) pairs."""
    total = hashlib.sha256()
    for path in sorted(hashes):
        total.update(f"{path}\n{hashes[path]}\n".encode(errors="surrogateescape"))  # a name of other bytes
    return total.hexdigest()
