"""A process that starts enrolling ones and kills them, over and over; run by test_crash.py.

Arguments: folder, how many to kill. Kept free of TensorFlow and of a start of Python a kill: each
worker is forked. What the workers say goes to standard output, one record of 16 bytes a message.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

from face_service.store.gallery.flat_file import FlatFileGallery
from tests.store.gallery.enrolling import new_face

SENT, DONE = b"s", b"d"
_MOST_SECONDS = 0.05


def say(kind: bytes, number: int) -> None:
    """Write one message in one step, so that a kill leaves no half of it."""
    os.write(1, kind + b"%014d\n" % number)


def work(folder: Path, worker: int) -> None:
    """Enrol two faces at a time for ever, and compact now and then."""
    gallery = FlatFileGallery(folder)
    gallery.open()
    number = worker * 10_000
    while True:
        pair = [number, number + 1]
        for one in pair:
            say(SENT, one)
        gallery.add([new_face(f"worker {worker}, {one // 20}", one, 128) for one in pair])
        for one in pair:
            say(DONE, one)
        number += 2
        if number % 16 == 0:
            gallery.compact()


def main() -> None:
    """Fork, wait a random while, kill."""
    folder, kills = Path(sys.argv[1]), int(sys.argv[2])
    generator = random.Random(0)
    for worker in range(kills):
        child = os.fork()
        if child == 0:
            work(folder, worker)
        time.sleep(generator.uniform(0.001, _MOST_SECONDS))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            sys.exit(f"worker {worker} ended by itself: {status}")


if __name__ == "__main__":
    main()
