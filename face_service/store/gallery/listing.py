"""Pages of subjects."""

from bisect import bisect_right
from collections.abc import Sequence

from face_service.store.gallery.names import normalise_name


def matching(names: Sequence[str], contains: str) -> Sequence[str]:
    """Return the names that contain a text, caseless; all for an empty one."""
    wanted = normalise_name(contains).casefold()
    return [name for name in names if wanted in name.casefold()] if wanted else names


def cut_page(names: Sequence[str], after: str, limit: int) -> tuple[Sequence[str], str | None]:
    """Return up to ``limit`` of the sorted ``names`` behind ``after``, and what continues them."""
    start = bisect_right(names, after)
    page = names[start : start + max(0, limit)]
    more = bool(page) and start + len(page) < len(names)
    return page, page[-1] if more else None
