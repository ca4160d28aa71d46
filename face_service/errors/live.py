"""Errors of watching a camera or a video (``live``). None of them is answered over HTTP."""

from face_service.errors.base import ServiceError


class VideoSourceError(ServiceError):
    """A camera, a stream or a video file cannot be opened."""

    code = "VIDEO_SOURCE_UNAVAILABLE"


class VideoUnreadableError(ServiceError):
    """A video opens, but nothing in it can be decoded: another format, another codec, damage."""

    code = "VIDEO_UNREADABLE"


class VideoLostError(ServiceError):
    """A camera or stream stopped and did not come back within the attempts."""

    code = "VIDEO_SOURCE_LOST"


class VideoOutputError(ServiceError):
    """The video that is asked for cannot be written."""

    code = "VIDEO_OUTPUT_FAILED"


class NoDisplayError(ServiceError):
    """There is nothing to open a window on, or this OpenCV cannot open one."""

    code = "NO_DISPLAY"


class ServerFailedError(ServiceError):
    """The service that was to find and name the faces refused, or cannot be reached."""

    code = "SERVER_FAILED"
