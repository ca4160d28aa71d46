"""One name for a face over many frames: votes weighted by how clear they are, slow to change."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from face_service.live.looking import Naming


@dataclass(frozen=True)
class VotingOptions:
    """How names are voted for.

    Attributes:
        least_votes: with fewer nothing is said about a face.
        settle_votes: up to so many a face is named as often as it is looked at.
        full_margin: a distance this share of the threshold away from it has the full weight 1.
        least_weight: of a vote at the threshold itself.
        memory: what an older vote weighs with each further one: of a mistake one tenth is left
            after 14.
        switch: another name must outweigh the one in force so many times.
        clear: share of all weight by which the name in force must lead to be rechecked seldom.
        doubt: what the votes weigh still when it is in doubt whether the face is the same: one or
            two clear votes outweigh them then.
        unsure_seconds, recheck_seconds: time between votes on a face whose name is not clear, and
            on one whose name is: people walk out of a box and others into it.
    """

    least_votes: int = 2
    settle_votes: int = 3
    full_margin: float = 0.25
    least_weight: float = 0.1
    memory: float = 0.85
    switch: float = 1.5
    clear: float = 0.5
    doubt: float = 0.25
    unsure_seconds: float = 0.5
    recheck_seconds: float = 2.0


@dataclass(frozen=True)
class Named:
    """What is held of a face: ``subject`` None is unknown, or not yet ``decided``.

    ``distance`` is the least of the votes for it, unsquared L2; None where there was none.
    """

    decided: bool
    subject: str | None
    distance: float | None


@dataclass
class _Ballot:
    """The votes on one track; None stands for unknown."""

    votes: int = 0
    last: float = 0.0  # seconds
    weights: dict[str | None, float] = field(default_factory=dict)
    best: dict[str | None, float] = field(default_factory=dict)
    decided: bool = False
    subject: str | None = None


class NameVoting:
    """The votes on all tracks, by their ids."""

    def __init__(self, options: VotingOptions | None = None) -> None:
        self._options = options or VotingOptions()
        self._ballots: dict[int, _Ballot] = {}

    def cast(self, track_id: int, naming: Naming, seconds: float) -> None:
        """Count what a face was taken for at a time."""
        options, choice = self._options, naming.accepted
        ballot = self._ballots.setdefault(track_id, _Ballot())
        ballot.votes += 1
        ballot.last = seconds
        ballot.weights = {name: w * options.memory for name, w in ballot.weights.items()}
        ballot.weights[choice] = ballot.weights.get(choice, 0.0) + self.weigh(naming)
        if naming.distance is not None:
            ballot.best[choice] = min(ballot.best.get(choice, naming.distance), naming.distance)
        self._decide(ballot)

    def weigh(self, naming: Naming) -> float:
        """Return a vote's weight, up to 1: how far its distance is from the threshold."""
        options = self._options
        if naming.distance is None or naming.threshold <= 0:
            return 1.0  # nothing to doubt: nobody is enrolled, or nobody is ever near enough
        margin = abs(naming.distance - naming.threshold) / naming.threshold
        return max(options.least_weight, min(1.0, margin / options.full_margin))

    def _decide(self, ballot: _Ballot) -> None:
        if ballot.votes < self._options.least_votes:
            return
        # Of equals unknown: a wrong name does more harm than none.
        leader = max(ballot.weights, key=lambda name: (ballot.weights[name], name is None))
        held = ballot.weights.get(ballot.subject, 0.0)
        if not ballot.decided or ballot.weights[leader] > self._options.switch * held:
            ballot.decided, ballot.subject = True, leader

    def name_of(self, track_id: int) -> Named:
        """Return what is held of a track."""
        ballot = self._ballots.get(track_id, _Ballot())
        return Named(ballot.decided, ballot.subject, ballot.best.get(ballot.subject))

    def is_settled(self, track_id: int) -> bool:
        """Return whether enough votes were cast for one to be missed now and then."""
        ballot = self._ballots.get(track_id)
        return ballot is not None and ballot.votes >= self._options.settle_votes

    def is_due(self, track_id: int, seconds: float) -> bool:
        """Return whether a track should be named (again): a new one, an unclear one, an old one."""
        ballot = self._ballots.get(track_id)
        if ballot is None or ballot.votes < self._options.settle_votes:
            return True
        total = sum(ballot.weights.values())
        held = ballot.weights.get(ballot.subject, 0.0)
        clear = held - (total - held) >= self._options.clear * total
        wait = self._options.recheck_seconds if clear else self._options.unsure_seconds
        return seconds - ballot.last >= wait

    def doubt(self, track_id: int) -> None:
        """Take in that a track may show another face by now.

        It keeps its name until votes outweigh what is left of the old ones, and is as unsettled as
        a new one. Where nothing is held yet there is nothing to doubt.
        """
        ballot = self._ballots.get(track_id)
        if ballot is None or not ballot.decided:
            return
        ballot.votes = self._options.least_votes - 1
        ballot.weights = {name: w * self._options.doubt for name, w in ballot.weights.items()}

    def forget(self, track_ids: Iterable[int]) -> None:
        """Drop the votes on tracks that have ended."""
        for track_id in track_ids:
            self._ballots.pop(track_id, None)
