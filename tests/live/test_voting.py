import pytest

from face_service.live.looking import Naming
from face_service.live.voting import Named, NameVoting, VotingOptions

TRACK = 7


def ann(distance: float = 0.5) -> Naming:
    return Naming("ann", distance, 1.0)


def ben(distance: float = 0.5) -> Naming:
    return Naming("ben", distance, 1.0)


def stranger(distance: float = 1.5) -> Naming:
    return Naming("ann", distance, 1.0)


def voted(*namings: Naming, options: VotingOptions | None = None) -> NameVoting:
    voting = NameVoting(options)
    for at, naming in enumerate(namings):
        voting.cast(TRACK, naming, float(at))
    return voting


def test_only_a_distance_below_the_threshold_is_accepted() -> None:
    assert Naming("ann", 0.999, 1.0).accepted == "ann"
    assert Naming("ann", 1.0, 1.0).accepted is None
    assert Naming(None, None, 1.0).accepted is None


@pytest.mark.parametrize(
    ("distance", "threshold", "weight"),
    [
        (0.75, 1.0, 1.0),
        (0.875, 1.0, 0.5),
        (1.125, 1.0, 0.5),
        (0.4375, 0.5, 0.5),  # the margin is a share of the threshold
        (0.999, 1.0, 0.1),
        (1.0, 1.0, 0.1),
        (0.0, 1.0, 1.0),
        (2.0, 1.0, 1.0),
        (None, 1.0, 1.0),
        (1.0, 0.0, 1.0),
    ],
)
def test_a_vote_weighs_by_how_far_it_is_from_the_threshold(
    distance: float | None, threshold: float, weight: float
) -> None:
    assert NameVoting().weigh(Naming("ann", distance, threshold)) == weight


def test_nothing_is_said_before_the_second_vote() -> None:
    assert NameVoting().name_of(TRACK) == Named(False, None, None)
    assert voted(ann()).name_of(TRACK).decided is False
    assert voted(ann(0.6), ann(0.5)).name_of(TRACK) == Named(True, "ann", 0.5)


def test_of_equals_unknown_wins() -> None:
    options = VotingOptions(memory=1.0)
    assert voted(ann(0.5), stranger(1.5), options=options).name_of(TRACK) == Named(True, None, 1.5)


def test_a_clear_vote_outweighs_a_doubtful_one() -> None:
    assert voted(ann(0.5), stranger(1.01)).name_of(TRACK).subject == "ann"
    assert voted(stranger(1.01), ann(0.5)).name_of(TRACK) == Named(True, "ann", 0.5)


def test_a_name_does_not_flicker() -> None:
    # Without a memory: three votes for ann stand against one and then four of another.
    options = VotingOptions(memory=1.0, switch=1.5)
    voting = voted(ann(), ann(), ann(), options=options)
    for votes in range(1, 6):
        voting.cast(TRACK, ben(0.7), 3.0 + votes)
        # 1.5 times three is 4.5: the fifth vote is more.
        assert voting.name_of(TRACK).subject == ("ann" if votes < 5 else "ben")
    assert voting.name_of(TRACK) == Named(True, "ben", 0.7)


def test_older_votes_fade() -> None:
    # After n votes for ann: sum of 0.85^k; then m for ben; ann keeps sum * 0.85^m.
    voting = voted(*[ann()] * 10)
    changed = 0
    while voting.name_of(TRACK).subject == "ann":
        changed += 1
        voting.cast(TRACK, ben(), 10.0 + changed)
    held = sum(0.85**k for k in range(10))
    expected = next(
        m for m in range(1, 99) if sum(0.85**k for k in range(m)) > 1.5 * held * 0.85**m
    )
    assert changed == expected == 5


def test_the_distance_is_the_least_of_the_votes_for_the_name() -> None:
    voting = voted(ann(0.6), ben(0.3), ann(0.5), ann(0.7), ann(0.7))
    assert voting.name_of(TRACK) == Named(True, "ann", 0.5)


def test_nobody_enrolled_is_unknown_without_a_distance() -> None:
    nobody = Naming(None, None, 1.0)
    assert voted(nobody, nobody).name_of(TRACK) == Named(True, None, None)


def test_a_new_face_is_named_until_it_is_settled() -> None:
    voting = NameVoting()
    for at in range(3):
        assert voting.is_due(TRACK, 0.0)
        assert not voting.is_settled(TRACK)
        voting.cast(TRACK, ann(), 0.01 * at)
    assert voting.is_settled(TRACK)
    assert not voting.is_due(TRACK, 0.03)


def test_a_clear_name_is_rechecked_after_two_seconds() -> None:
    voting = voted(ann(), ann(), ann())  # the last at 2 s
    assert not voting.is_due(TRACK, 3.99)
    assert voting.is_due(TRACK, 4.0)


def test_an_unclear_name_is_rechecked_after_half_a_second() -> None:
    voting = voted(ann(), ann(), stranger())  # the last at 2 s
    assert not voting.is_due(TRACK, 2.49)
    assert voting.is_due(TRACK, 2.5)


def test_a_doubtful_track_keeps_its_name_until_two_votes_say_otherwise() -> None:
    voting = voted(*[ann()] * 9)
    voting.doubt(TRACK)
    assert voting.name_of(TRACK) == Named(True, "ann", 0.5)
    assert voting.is_due(TRACK, 8.0)
    assert not voting.is_settled(TRACK)
    voting.cast(TRACK, ben(), 8.1)
    assert voting.name_of(TRACK).subject == "ann"
    voting.cast(TRACK, ben(), 8.2)
    assert voting.name_of(TRACK).subject == "ben"


def test_where_nothing_is_held_there_is_nothing_to_doubt() -> None:
    voting = voted(ann())
    voting.doubt(TRACK)
    voting.doubt(99)
    voting.cast(TRACK, ann(), 1.0)
    assert voting.name_of(TRACK) == Named(True, "ann", 0.5)
    assert voting.name_of(99) == Named(False, None, None)


def test_one_clear_vote_renames_a_doubtful_track_that_was_hardly_known() -> None:
    voting = voted(ann(), ann(), ann())
    voting.doubt(TRACK)
    voting.cast(TRACK, ben(), 3.0)
    assert voting.name_of(TRACK).subject == "ben"


def test_tracks_do_not_share_votes_and_are_forgotten() -> None:
    voting = voted(ann(), ann())
    assert voting.name_of(8) == Named(False, None, None)
    voting.forget([TRACK, 8])
    assert voting.name_of(TRACK) == Named(False, None, None)
    assert voting.is_due(TRACK, 1.0)
