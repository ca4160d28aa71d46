"""Several processes and threads on one gallery."""

import subprocess
import sys
import threading
import weakref
from pathlib import Path

import pytest

from face_service.store.gallery.flat_file import FlatFileGallery
from face_service.store.gallery.replay import Replay
from tests.store.gallery.enrolling import GRAPH, ids, names, new_face, unit

PROJECT = Path(__file__).resolve().parents[3]

# Arguments: folder, own name, how many. Prints the own count after each line of input.
ENROLLER = """
import sys
from pathlib import Path
from face_service.store.gallery.flat_file import FlatFileGallery
from tests.store.gallery.enrolling import new_face

gallery = FlatFileGallery(Path(sys.argv[1]))
print(gallery.count()[1], flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[3])):
    gallery.add([new_face(f"{sys.argv[2]} {number}", number)])
    if number % 10 == 9 and sys.argv[2] == "compacting":
        gallery.compact()
print(gallery.count()[1], flush=True)
sys.stdin.readline()
print(gallery.count()[1], flush=True)
"""


def start(folder: Path, name: str, count: int) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", ENROLLER, str(folder), name, str(count)],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert hear(process) == 0
    return process


def hear(process: "subprocess.Popen[str]") -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def let_go(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def test_two_processes_enrol_at_once_and_see_each_other_s_faces(tmp_path: Path) -> None:
    both = [start(tmp_path, name, 60) for name in ("first", "compacting")]
    for process in both:
        let_go(process)
    for process in both:
        assert 60 <= hear(process) <= 120
    for process in both:
        let_go(process)
        assert hear(process) == 120
        process.communicate()
    gallery = FlatFileGallery(tmp_path)
    assert len(names(gallery)) == gallery.count()[0] == gallery.count()[1] == 120
    assert gallery.problems == []


def test_each_instance_sees_the_other_s_work_on_its_next_call(tmp_path: Path) -> None:
    first, second = FlatFileGallery(tmp_path), FlatFileGallery(tmp_path)
    (ada,) = first.add([new_face("Ada", 1)])
    assert ids(second) == [ada.id]
    (bob,) = second.add([new_face("Bob", 2)])
    assert ids(first) == [ada.id, bob.id]
    first.compact()
    assert ids(second) == [ada.id, bob.id]
    second.rename("Ada", "Eve")
    assert names(first) == ["Bob", "Eve"]
    first.delete("Bob")
    assert second.count() == (1, 1)


def test_threads_search_while_others_enrol_merge_delete_and_compact(tmp_path: Path) -> None:
    gallery = FlatFileGallery(tmp_path)
    gallery.add([new_face("stays", 0)])
    errors: list[Exception] = []
    ended = threading.Event()

    def search() -> None:
        try:
            while not ended.is_set():
                (found,) = gallery.search(unit(0)[None], GRAPH, 5)
                assert (found[0].subject, found[0].distance) == ("stays", 0.0)
                subjects = [one.subject for one in found]
                assert len(set(subjects)) == len(subjects)
        except Exception as error:  # noqa: BLE001 - shown by the test
            errors.append(error)

    def change(name: str) -> None:
        try:
            for number in range(25):
                gallery.add([new_face(f"{name} {number}", number + 1), new_face(name, number + 50)])
                gallery.rename(f"{name} {number}", name, merge=True)
                if number % 5 == 4:
                    gallery.delete(name)
                    gallery.compact()
        except Exception as error:  # noqa: BLE001 - shown by the test
            errors.append(error)

    searchers = [threading.Thread(target=search) for _ in range(2)]
    changers = [threading.Thread(target=change, args=(name,)) for name in ("A", "B")]
    for thread in (*searchers, *changers):
        thread.start()
    for thread in changers:
        thread.join()
    ended.set()
    for thread in searchers:
        thread.join()
    assert errors == []
    assert gallery.count() == (1, 1)


def test_the_old_vectors_are_let_go_before_the_new_are_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery = FlatFileGallery(tmp_path)
    gallery.add([new_face("Ada")])
    old: list[weakref.ref[Replay]] = []
    advance = Replay.advance

    def watch(replay: Replay) -> None:
        assert not old or old[0]() is None
        advance(replay)
        old[:] = [weakref.ref(replay)]

    monkeypatch.setattr(Replay, "advance", watch)
    assert gallery.count() == (1, 1)
    first = old.pop()
    FlatFileGallery(tmp_path).compact()
    old[:] = [first]
    assert gallery.search(unit(0)[None], GRAPH, 1)[0][0].subject == "Ada"
    assert old[0] is not first


def test_the_lock_of_the_file_also_excludes_threads(tmp_path: Path) -> None:
    gallery = FlatFileGallery(tmp_path)
    threads = [
        threading.Thread(target=gallery.add, args=([new_face(f"subject {number}", number)],))
        for number in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert gallery.count() == (20, 20)
    assert gallery.problems == []


def test_native_threads_use_it_while_gevent_has_patched_threading(tmp_path: Path) -> None:
    code = """
from gevent import monkey; monkey.patch_all()
import sys, gevent
from pathlib import Path
from face_service.concurrency.offload import Offloader
from face_service.store.gallery.flat_file import FlatFileGallery
from tests.store.gallery.enrolling import GRAPH, new_face, unit

folder = Path(sys.argv[1])
gallery, offloader = FlatFileGallery(folder), Offloader(3)
offloader.run(gallery.add, [new_face("first", 99)])
with (folder / "gallery.jsonl").open("ab") as file:
    file.write(b'damaged\\ntorn')
gallery = FlatFileGallery(folder)
offloader.run(gallery.open)
def enrol(number):
    offloader.run(gallery.add, [new_face(f"subject {number}", number)])
    return offloader.run(gallery.search, unit(number)[None], GRAPH, 1)[0][0].subject
jobs = [gevent.spawn(enrol, number) for number in range(30)]
gevent.joinall(jobs, raise_error=True)
assert [job.value for job in jobs] == [f"subject {number}" for number in range(30)]
assert offloader.run(gallery.count) == (31, 31)
print("ok")
"""
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(tmp_path)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.stdout == "ok\n", ended.stderr
    assert "Traceback" not in ended.stderr
    assert "line 3 is skipped: checksum" in ended.stderr


@pytest.mark.parametrize("module", ["tensorflow", "flask"])
def test_the_gallery_is_light_to_import(module: str) -> None:
    code = f"import sys, face_service.store.gallery.flat_file; print({module!r} in sys.modules)"
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert ended.stdout == "False\n"
