"""A face service from afar, as an object with a method for each operation of its API."""

from typing import Self

import requests

from face_service.client.gallery import GalleryCalls
from face_service.client.recognition import RecognitionCalls
from face_service.client.retries import Retries
from face_service.client.subjects import SubjectCalls
from face_service.client.transport import Transport

_TIMEOUT_SECONDS = 60.0  # twice what the service waits for its graphs by default


class FaceClient(RecognitionCalls, SubjectCalls, GalleryCalls):
    """A face service, over HTTP; use it in one thread, as a context manager or with :meth:`close`.

    Errors: every method raises :class:`FaceServiceError`, of the class that fits the answer's
    ``code``; :class:`ServerUnreachableError` where no answer came, and
    :class:`UnexpectedAnswerError` where it was none of this service.

    What is asked again, after the wait that ``Retry-After`` names or one that doubles:

    - a request that was refused with 429 or 503 and a code of the service, which has done nothing
      of it then; of a proxy's such answers only those to harmless requests;
    - a request that there was no connection for: nothing of it was sent;
    - a harmless request whose connection broke off or whose answer did not come in time. Harmless
      is what changes nothing, or is as good done twice: reading, detecting, embedding,
      identifying, comparing two samples, importing, calibrating and forgetting it. Comparing
      with a subject is not, since failures count towards its lockout, and neither is enrolling,
      renaming or deleting faces.

    Files are read from where they stood, once more for each try; one that cannot go back is sent
    once. What has begun to stream is not asked for again. Redirections are never followed: the key
    would go with them.
    """

    def __init__(
        self,
        url: str,
        *,
        key: str | None = None,
        timeout: float = _TIMEOUT_SECONDS,
        retries: int | Retries = 3,
        session: requests.Session | None = None,
    ) -> None:
        """Reach the service at ``url``, ``http://localhost:5000`` for example.

        Args:
            url: with the path below which it lies, if a proxy puts it there.
            key: the token of an API key, where the service wants one.
            timeout: seconds in which a connection must be made, and then each next byte come; at
                least 600 for those of :meth:`bulk`, :meth:`export`, :meth:`import_` and
                :meth:`calibrate`.
            retries: how often to ask again, or that and for how long.
            session: to use instead of one of its own, for proxies, certificates and the like; it
                stays the caller's to close.

        Raises:
            ValueError: the URL or the key cannot be one.
        """
        how = Retries(count=retries) if isinstance(retries, int) else retries
        self._transport = Transport(url, key, timeout, how, session)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"FaceClient({self._transport.url!r})"

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()
