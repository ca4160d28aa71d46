"""When to run the detector: on each Nth frame, or as seldom as what is seen allows."""

MOST_FRAMES = 10  # between looks: 0.4 s at 25 frames/s, the longest that a new face is overlooked


class Schedule:
    """Frames between looks.

    With ``every`` it is that number, whatever happens. Without, the next frame is looked at while
    anything is in doubt, and twice as many are passed over after each look that brought nothing
    new, up to :data:`MOST_FRAMES`.
    """

    def __init__(self, every: int | None = None) -> None:
        self._every = every
        self._gap = every or 1
        self._last: int | None = None

    def is_due(self, index: int, *, astray: bool) -> bool:
        """Return whether to look at a frame, by its number.

        Args:
            index: counts frames that were passed over, too.
            astray: a face's pixels could not be followed.
        """
        if self._last is None or index - self._last >= self._gap:
            return True
        return astray and self._every is None

    def looked(self, index: int, *, calm: bool) -> None:
        """Take in that a frame was looked at, and whether nothing was new or in doubt."""
        self._last = index
        if self._every is None:
            self._gap = min(2 * self._gap, MOST_FRAMES) if calm else 1
