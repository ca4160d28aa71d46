"""Small copies of pictures, to be looked at."""

import numpy as np
import simplejpeg

from face_service.pipeline.decode import Limits, decode

_QUALITY = 85


def make_thumbnail(data: bytes, limits: Limits) -> bytes:
    """Return a picture file as a JPEG, upright, its longer side at most ``limits.max_side``.

    Nothing else of the file is in it: no EXIF, no place where the picture was taken.

    Raises:
        MissingFieldError, NotAPictureError, TooLargeError: as
            :func:`~face_service.pipeline.decode.decode`.
    """
    pixels = np.ascontiguousarray(decode(data, limits).pixels)
    jpeg: bytes = simplejpeg.encode_jpeg(pixels, _QUALITY, "RGB", "420")
    return jpeg
