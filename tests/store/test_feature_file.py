import fcntl
import json
import os
import random
import signal
import stat
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from face_service.errors import EmbeddingMismatchError, FeatureFileError, NotEnrolledError
from face_service.pipeline.distance import Embedding
from face_service.store.atomic import write_atomically
from face_service.store.feature_file import (
    FeatureFile,
    format_embedding,
    parse_embedding,
)

PROJECT = Path(__file__).resolve().parents[2]
WRITE = "face_service.store.feature_file.write_atomically"

# Arguments: folder, first number, how many. An enrolment is 512 times one number, stamped with it.
WRITER = """
import sys
from pathlib import Path
import numpy as np
from face_service.store.feature_file import FeatureFile

file, first, count = FeatureFile(Path(sys.argv[1])), int(sys.argv[2]), int(sys.argv[3])
sys.stdout.write("ready\\n")
sys.stdout.flush()
sys.stdin.readline()
for number in range(first, first + count):
    file.write(np.full(512, number, np.float32), f"graph-{number}")
"""


def random_embedding(length: int = 128, seed: int = 0) -> Embedding:
    values = np.random.default_rng(seed).normal(size=length)
    return np.asarray(values / np.linalg.norm(values), dtype=np.float32)


PROBE = random_embedding(seed=99)


def demo_write(folder: Path, embedding: Embedding, end: str = "") -> None:
    """Write as the demos do: Python floats of the float32 values, joined."""
    text = ",".join(str(float(value)) for value in embedding)
    (folder / "feature.txt").write_text(text + end)


def demo_read(folder: Path) -> list[float]:
    """Read as the demos do."""
    with (folder / "feature.txt").open() as file:
        return [float(x) for x in file.read().split(",")]


def start_writer(folder: Path, first: int, count: int) -> "subprocess.Popen[str]":
    """Return a process that waits for a line and then writes ``count`` enrolments."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), str(first), str(count)],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def let_go(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def read_whole_number(folder: Path) -> int:
    """Return the number a writer enrolled, having checked that it is whole and rightly stamped."""
    enrolment = FeatureFile(folder).read()
    number = int(enrolment.embedding[0])
    assert enrolment.embedding.tolist() == [number] * 512
    assert enrolment.fingerprint == f"graph-{number}"
    return number


@pytest.mark.parametrize("length", [128, 512])
@pytest.mark.parametrize("end", ["", "\n", "\r\n"], ids=["bare", "newline", "Windows newline"])
def test_the_file_of_a_demo_is_read_and_carries_no_stamp(
    tmp_path: Path, length: int, end: str
) -> None:
    embedding = random_embedding(length)
    demo_write(tmp_path, embedding, end)
    enrolment = FeatureFile(tmp_path).read()
    assert enrolment.embedding.dtype == np.float32
    np.testing.assert_array_equal(enrolment.embedding, embedding)
    assert enrolment.fingerprint is None


@pytest.mark.parametrize("length", [128, 512])
def test_our_file_is_read_by_the_demos_with_every_bit(tmp_path: Path, length: int) -> None:
    embedding = random_embedding(length)
    FeatureFile(tmp_path / "face").write(embedding, "graph")
    restored = np.array(demo_read(tmp_path / "face"), dtype=np.float32)
    np.testing.assert_array_equal(restored, embedding)


@pytest.mark.parametrize("bits", [0x00000001, 0x3F800001, 0x7F7FFFFF, 0x80000000, 0xB3D6BF95])
def test_every_float32_survives_as_text(bits: int) -> None:
    embedding = np.array([bits], dtype=np.uint32).view(np.float32)
    restored = parse_embedding(format_embedding(embedding), "line")
    assert restored.view(np.uint32).tolist() == [bits]


def test_the_line_holds_plain_numbers() -> None:
    values = np.array([0.1, -1, 1e-10], dtype=np.float32)
    assert format_embedding(values) == "0.1,-1.0,1e-10"


def test_an_enrolment_is_read_back_with_its_fingerprint(tmp_path: Path) -> None:
    FeatureFile(tmp_path).write(random_embedding(), "graph")
    enrolment = FeatureFile(tmp_path).read()
    np.testing.assert_array_equal(enrolment.embedding, random_embedding())
    assert enrolment.fingerprint == "graph"


def test_a_new_enrolment_replaces_the_old_one_and_its_stamp(tmp_path: Path) -> None:
    file = FeatureFile(tmp_path)
    for number in range(4):
        file.write(random_embedding(seed=number), f"graph-{number}")
    np.testing.assert_array_equal(file.read().embedding, random_embedding(seed=3))
    assert file.read().fingerprint == "graph-3"


def test_the_same_face_may_be_enrolled_for_another_graph(tmp_path: Path) -> None:
    file = FeatureFile(tmp_path)
    for fingerprint in ("old", "new"):
        file.write(random_embedding(), fingerprint)
    assert file.read().fingerprint == "new"


@pytest.mark.parametrize("content", [None, b"", b"\n", b" \r\n\t"])
def test_without_content_nobody_is_enrolled(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "feature.txt").write_bytes(content)
    with pytest.raises(NotEnrolledError):
        FeatureFile(tmp_path).read()


@pytest.mark.parametrize(
    "content",
    [
        b"face",
        b"0.1,",
        b",0.1",
        b"0.1,,0.2",
        b"0.1 0.2",
        b"0.1;0.2",
        b"[0.1,0.2]",
        b"0.1,0.2\n0.3,0.4\n",
        b"0.1,nan",
        b"inf,0.1",
        b"-inf,0.1",
        b"1e999,0.1",
        b"0.1,\xff",
        "0.1,０.2".encode(),
        bytes(512),
    ],
)
def test_what_is_not_one_line_of_numbers_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "feature.txt").write_bytes(content)
    with pytest.raises(FeatureFileError, match=r"^feature\.txt: "):
        FeatureFile(tmp_path).read()


@pytest.mark.parametrize(
    ("content", "number"),
    [(b"secret", 1), (b"0.1,secret", 2), (b"0.1,0.2,,0.3", 3), (b"0.1,0.2\nsecret", 2)],
)
def test_what_is_no_number_is_told_by_its_place_and_not_shown(
    tmp_path: Path, content: bytes, number: int
) -> None:
    (tmp_path / "feature.txt").write_bytes(content)
    with pytest.raises(FeatureFileError) as caught:
        FeatureFile(tmp_path).read()
    assert caught.value.message == f"feature.txt: value {number} is not a number"


@pytest.mark.parametrize("content", [b"secret\xff", b"secret,nan", b"nan,12345", b"12345,1e999"])
def test_no_other_message_shows_what_is_in_the_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "feature.txt").write_bytes(content)
    with pytest.raises(FeatureFileError) as caught:
        FeatureFile(tmp_path).read()
    for shown in ("secret", "12345", "nan", "999"):
        assert shown not in caught.value.message


def test_a_pipe_in_place_of_the_file_is_refused_without_waiting_for_a_writer(
    tmp_path: Path,
) -> None:
    os.mkfifo(tmp_path / "feature.txt")
    with pytest.raises(FeatureFileError, match=r"^feature\.txt: is not a plain file$"):
        FeatureFile(tmp_path).read()


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "feature.txt").mkdir()
    with pytest.raises(FeatureFileError, match=r"^feature\.txt: is not a plain file$"):
        FeatureFile(tmp_path).read()


def test_a_link_to_the_file_is_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    demo_write(tmp_path / "elsewhere", random_embedding())
    (tmp_path / "feature.txt").symlink_to(tmp_path / "elsewhere" / "feature.txt")
    np.testing.assert_array_equal(FeatureFile(tmp_path).read().embedding, random_embedding())


def test_a_number_too_large_for_float32_is_refused() -> None:
    with pytest.raises(FeatureFileError, match="not finite"):
        parse_embedding("1e300,0.1", "line")


def test_an_enrolment_of_the_same_graph_is_comparable(tmp_path: Path) -> None:
    file = FeatureFile(tmp_path)
    file.write(random_embedding(), "graph")
    np.testing.assert_array_equal(file.read_comparable(PROBE, "graph"), random_embedding())


def test_an_enrolment_of_another_graph_is_not_comparable(tmp_path: Path) -> None:
    file = FeatureFile(tmp_path)
    file.write(random_embedding(), "old")
    message = r"made by another graph or preprocessing \(old\) than the loaded one \(new\)"
    with pytest.raises(EmbeddingMismatchError, match=message):
        file.read_comparable(PROBE, "new")


def test_a_demo_s_enrolment_is_comparable_when_its_length_fits(tmp_path: Path) -> None:
    demo_write(tmp_path, random_embedding())
    comparable = FeatureFile(tmp_path).read_comparable(PROBE, "graph")
    np.testing.assert_array_equal(comparable, random_embedding())


@pytest.mark.parametrize("stamped", [False, True])
def test_an_enrolment_of_another_length_is_not_comparable(tmp_path: Path, stamped: bool) -> None:
    file = FeatureFile(tmp_path)
    if stamped:
        file.write(random_embedding(512), "graph")
    else:
        demo_write(tmp_path, random_embedding(512))
    message = r"holds an embedding of 512 values, the loaded graph makes 128: register again$"
    with pytest.raises(EmbeddingMismatchError, match=message):
        file.read_comparable(PROBE, "graph")


def assert_not_an_embedding(file: FeatureFile, probe: Embedding) -> None:
    message = r"^feature\.txt: is not an embedding: its norm is not 1$"
    with pytest.raises(FeatureFileError, match=message):
        file.read_comparable(probe, "graph")


@pytest.mark.parametrize("stamped", [False, True])
@pytest.mark.parametrize("norm", [0.0, 0.94, 1.06, 100.0])
def test_a_line_of_another_norm_is_no_embedding_where_the_graph_s_are_of_unit_length(
    tmp_path: Path, norm: float, stamped: bool
) -> None:
    file = FeatureFile(tmp_path)
    line = random_embedding() * np.float32(norm)
    if stamped:
        file.write(line, "graph")
    else:
        demo_write(tmp_path, line)
    assert_not_an_embedding(file, PROBE)
    np.testing.assert_array_equal(file.read().embedding, line)


@pytest.mark.parametrize("norm", [0.96, 1.0, 1.04])
def test_a_line_that_a_demo_rounded_is_comparable(tmp_path: Path, norm: float) -> None:
    line = random_embedding() * np.float32(norm)
    demo_write(tmp_path, line)
    np.testing.assert_array_equal(FeatureFile(tmp_path).read_comparable(PROBE, "graph"), line)


@pytest.mark.parametrize("norm", [0.0, 0.5, 1.0, 100.0])
@pytest.mark.parametrize("probe_norm", [0.5, 20.0])
def test_where_the_graph_s_embeddings_have_any_norm_so_may_the_line(
    tmp_path: Path, probe_norm: float, norm: float
) -> None:
    line = random_embedding() * np.float32(norm)
    demo_write(tmp_path, line)
    comparable = FeatureFile(tmp_path).read_comparable(PROBE * np.float32(probe_norm), "graph")
    np.testing.assert_array_equal(comparable, line)


def test_length_and_fingerprint_are_judged_before_the_norm(tmp_path: Path) -> None:
    file = FeatureFile(tmp_path)
    file.write(np.zeros(512, dtype=np.float32), "graph")
    with pytest.raises(EmbeddingMismatchError, match="holds an embedding of 512 values"):
        file.read_comparable(PROBE, "graph")
    file.write(np.zeros(128, dtype=np.float32), "old")
    with pytest.raises(EmbeddingMismatchError, match="made by another graph"):
        file.read_comparable(PROBE, "graph")


def test_a_demo_that_overwrites_the_line_ends_the_claim_of_our_stamp(tmp_path: Path) -> None:
    file = FeatureFile(tmp_path)
    file.write(random_embedding(seed=1), "old")
    demo_write(tmp_path, random_embedding(seed=2))
    assert file.read().fingerprint is None
    np.testing.assert_array_equal(file.read_comparable(PROBE, "new"), random_embedding(seed=2))


@pytest.mark.parametrize(
    "stamp",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b"null",
        b'{"stamps": 5}',
        b'{"stamps": [["one"]]}',
        b"\xff",
        pytest.param(b"[" * 100_000, id="nested lists"),
        pytest.param(b'{"stamps": ' * 100_000, id="nested objects"),
    ],
)
def test_a_damaged_stamp_leaves_the_line_readable_and_can_be_replaced(
    tmp_path: Path, stamp: bytes
) -> None:
    file = FeatureFile(tmp_path)
    file.write(random_embedding(), "graph")
    (tmp_path / "feature.stamp.json").write_bytes(stamp)
    assert file.read().fingerprint is None
    file.write(random_embedding(), "graph")
    assert file.read().fingerprint == "graph"


def test_old_stamps_do_not_pile_up(tmp_path: Path) -> None:
    file = FeatureFile(tmp_path)
    for number in range(5):
        file.write(random_embedding(seed=number), "graph")
    stored = json.loads((tmp_path / "feature.stamp.json").read_text())
    assert len(stored["stamps"]) == 2


def test_crashes_between_stamp_and_line_leave_the_old_line_its_stamp(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = FeatureFile(tmp_path)
    file.write(random_embedding(seed=0), "old")

    def crash_at_the_line(path: Path, content: bytes, *, durable: bool, private: bool) -> None:
        if path.name == "feature.txt":
            raise KeyboardInterrupt
        write_atomically(path, content, durable=durable, private=private)

    monkeypatch.setattr(WRITE, crash_at_the_line)
    for number in (1, 2, 3):
        with suppress(KeyboardInterrupt):
            file.write(random_embedding(seed=number), f"new-{number}")
        np.testing.assert_array_equal(file.read().embedding, random_embedding(seed=0))
        assert file.read().fingerprint == "old"


def test_both_files_are_written_durably_for_the_service_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[tuple[str, bool, bool]] = []

    def record(path: Path, content: bytes, *, durable: bool, private: bool) -> None:
        written.append((path.name, durable, private))

    monkeypatch.setattr(WRITE, record)
    FeatureFile(tmp_path).write(random_embedding(), "graph")
    assert written == [("feature.stamp.json", True, True), ("feature.txt", True, True)]


def test_nobody_else_may_read_either_file(tmp_path: Path) -> None:
    for name in ("feature.txt", "feature.stamp.json"):  # as a demo or an older service left them
        (tmp_path / name).touch(0o644)
    FeatureFile(tmp_path).write(random_embedding(), "graph")
    for name in ("feature.txt", "feature.stamp.json"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_both_files_are_written_under_one_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused: list[str] = []

    def try_the_lock(path: Path, content: bytes, *, durable: bool, private: bool) -> None:
        with (tmp_path / ".lock").open("rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                refused.append(path.name)

    monkeypatch.setattr(WRITE, try_the_lock)
    FeatureFile(tmp_path).write(random_embedding(), "graph")
    assert refused == ["feature.stamp.json", "feature.txt"]


def test_a_killed_writer_leaves_one_whole_line_with_its_stamp(tmp_path: Path) -> None:
    FeatureFile(tmp_path).write(np.full(512, 999, dtype=np.float32), "graph-999")
    moments, found = random.Random(5), []
    for kill in range(1, 21):
        first = kill * 100_000
        process = start_writer(tmp_path, first, 100_000)
        with process:
            let_go(process)
            with suppress(subprocess.TimeoutExpired):
                process.wait(moments.uniform(0.0, 0.05))
            process.kill()
        assert process.returncode == -signal.SIGKILL
        found.append(read_whole_number(tmp_path))
        assert found[-1] < first + 100_000
    assert found == sorted(found)
    assert len(set(found)) > 1  # or no kill hit a writer at work


def test_two_writers_at_once_leave_one_whole_stamped_line(tmp_path: Path) -> None:
    for round_number in range(1, 6):
        first = round_number * 1000
        writers = [start_writer(tmp_path, first + offset, 5) for offset in (0, 100)]
        for process in writers:
            let_go(process)
        for process in writers:
            with process:
                assert process.wait(60) == 0
        assert read_whole_number(tmp_path) in (first + 4, first + 104)
