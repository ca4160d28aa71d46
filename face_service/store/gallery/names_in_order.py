"""The sorted list of the subjects' names, made when it is first asked for and kept up to date."""

from collections.abc import Collection, Sequence


class NamesInOrder:
    """Sorts what ``names`` holds; sorts again only what :meth:`touch` has been told of."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = names
        self._sorted: list[str] | None = None
        self._touched: set[str] = set()

    def touch(self, name: str) -> None:
        """Note that a name has come or gone."""
        if self._sorted is not None:
            self._touched.add(name)

    def get(self) -> Sequence[str]:
        """Return the names in order; a list once returned is never changed."""
        if self._sorted is None:
            self._sorted = sorted(self._names)
        elif self._touched:
            kept = [name for name in self._sorted if name not in self._touched]
            kept.extend(name for name in self._touched if name in self._names)
            kept.sort()  # long sorted runs and a few more: nearly linear
            self._sorted, self._touched = kept, set()
        return self._sorted
