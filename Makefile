# The project's tasks. `make check` is what CI runs, in the current environment.
.PHONY: install run graphs lint types test check

install:
	pip install -r requirements-dev.txt

run:
	python flask_run.py

graphs:
	python -m face_service build-graphs --keep-archives

lint:
	ruff format --check .
	ruff check .

types:
	mypy

test:
	pytest -n 2

check: graphs lint types
	REQUIRE_REAL_GRAPHS=1 pytest -n 2
