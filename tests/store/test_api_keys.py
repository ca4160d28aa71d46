import hashlib
import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from face_service.errors import ApiKeyError, StoreError
from face_service.store.api_keys import ApiKeys


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "api_keys.json"


def test_without_a_file_there_is_no_key(tmp_path: Path) -> None:
    keys = ApiKeys(tmp_path / "not yet there")
    assert not keys.any()
    assert keys.list() == ()
    assert keys.authenticate(f"fk_{'0' * 16}_{'0' * 64}") is None


def test_a_token_leads_to_its_key_only(tmp_path: Path) -> None:
    keys = ApiKeys(tmp_path)
    phone, phones_token = keys.create("phone", ["recognize"])
    desk, desks_token = keys.create("desk", ["admin", "enrol"])
    assert keys.authenticate(phones_token) == phone
    assert keys.authenticate(desks_token) == desk
    assert keys.list() == (phone, desk)
    mixed = f"fk_{phone.id}_{desks_token.rpartition('_')[2]}"
    assert keys.authenticate(mixed) is None


@pytest.mark.parametrize("change", [str.upper, lambda token: token[:-1], lambda token: token + "0"])
def test_what_is_not_quite_a_token_is_none(tmp_path: Path, change: object) -> None:
    assert callable(change)
    keys = ApiKeys(tmp_path)
    _, token = keys.create("phone", ["recognize"])
    assert keys.authenticate(change(token)) is None


@pytest.mark.parametrize("token", ["", "fk__", "Ünïcode", "fk_\x00"])
def test_other_text_is_none(tmp_path: Path, token: str) -> None:
    keys = ApiKeys(tmp_path)
    keys.create("phone", ["recognize"])
    assert keys.authenticate(token) is None


def test_a_token_of_an_unknown_id_is_compared_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[str, str]] = []

    def compare(first: str, second: str) -> bool:
        compared.append((first, second))
        return first == second

    keys = ApiKeys(tmp_path)
    keys.create("phone", ["recognize"])
    monkeypatch.setattr("face_service.store.api_keys.hmac.compare_digest", compare)
    secret = "1" * 64
    assert keys.authenticate(f"fk_{'1' * 16}_{secret}") is None
    assert compared == [(hashlib.sha256(secret.encode()).hexdigest(), "0" * 64)]


def test_scopes_cover_themselves_and_admin_all(tmp_path: Path) -> None:
    keys = ApiKeys(tmp_path)
    both, _ = keys.create("both", ["enrol", "recognize", "enrol"])
    admin, _ = keys.create("admin", ["admin"])
    assert both.scopes == ("recognize", "enrol")
    scopes = ("recognize", "enrol", "admin")
    assert [both.allows(scope) for scope in scopes] == [True, True, False]
    assert [admin.allows(scope) for scope in scopes] == [True, True, True]


def test_the_file_is_private_and_holds_no_secret(tmp_path: Path, path: Path) -> None:
    key, token = ApiKeys(tmp_path).create("phone", ["recognize"])
    secret = token.rpartition("_")[2]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert secret not in path.read_text()
    assert hashlib.sha256(secret.encode()).hexdigest() in path.read_text()
    assert key.digest not in repr(key)


def test_secrets_and_ids_differ(tmp_path: Path) -> None:
    keys = ApiKeys(tmp_path)
    tokens = {keys.create("phone", ["recognize"])[1] for _ in range(5)}
    assert len(tokens) == len(keys.list()) == 5


@pytest.mark.usefixtures("files_look_old")
def test_another_process_sees_new_and_revoked_keys_at_once(tmp_path: Path) -> None:
    server, command = ApiKeys(tmp_path), ApiKeys(tmp_path)
    assert not server.any()
    key, token = command.create("phone", ["recognize"])
    assert not server.is_fresh()
    assert server.authenticate(token) == key
    assert server.is_fresh()
    command.revoke(key.id)
    assert server.authenticate(token) is None
    assert not server.any()


@pytest.mark.usefixtures("files_look_old")
def test_an_unchanged_file_is_not_read_again(
    tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = ApiKeys(tmp_path)
    key, token = keys.create("phone", ["recognize"])
    assert keys.authenticate(token) == key

    def refuse(_: Path) -> bytes:
        raise AssertionError("read again")

    monkeypatch.setattr("face_service.store.api_keys.read_plain_file", refuse)
    assert keys.authenticate(token) == key
    os.utime(path, ns=(1, 1))
    with pytest.raises(AssertionError, match="read again"):
        keys.authenticate(token)


def test_revoking_an_unknown_id_says_so_and_changes_nothing(tmp_path: Path) -> None:
    keys = ApiKeys(tmp_path)
    key, _ = keys.create("phone", ["recognize"])
    with pytest.raises(ApiKeyError, match="no key of this id"):
        keys.revoke("f" * 16)
    assert keys.list() == (key,)


@pytest.mark.parametrize("name", ["", " phone", "a\nb", "\x1b[31m", "x" * 65])
def test_a_name_is_a_short_printable_line(tmp_path: Path, path: Path, name: str) -> None:
    with pytest.raises(ApiKeyError, match="name"):
        ApiKeys(tmp_path).create(name, ["recognize"])
    assert not path.exists()


@pytest.mark.parametrize("scopes", [[], ["everything"], ["admin", ""]])
def test_scopes_are_those_that_exist(tmp_path: Path, scopes: list[str]) -> None:
    with pytest.raises(ApiKeyError, match="scopes of recognize, enrol, metrics, admin"):
        ApiKeys(tmp_path).create("phone", scopes)


def damaged_contents() -> dict[str, object]:
    entry = {"id": "1" * 16, "name": "a", "scopes": ["admin"], "created": 1.0, "digest": "a" * 64}
    return {
        "nothing": "",
        "no JSON": "{",
        "a list": [],
        "no keys": {"format": 1},
        "another format": {"format": 2, "keys": []},
        "an entry that is none": {"format": 1, "keys": [1]},
        "no digest": {"format": 1, "keys": [{**entry, "digest": ""}]},
        "the digest of nobody": {"format": 1, "keys": [{**entry, "digest": "0" * 64}]},
        "an unknown scope": {"format": 1, "keys": [{**entry, "scopes": ["root"]}]},
        "an id twice": {"format": 1, "keys": [entry, entry]},
    }


@pytest.mark.parametrize("what", damaged_contents())
def test_a_damaged_file_opens_nothing(tmp_path: Path, path: Path, what: str) -> None:
    keys = ApiKeys(tmp_path)
    _, token = keys.create("phone", ["recognize"])
    content = damaged_contents()[what]
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    before = path.read_bytes()
    for question in (keys.any, keys.list, lambda: keys.authenticate(token)):
        with pytest.raises(StoreError, match=r"api_keys\.json"):
            question()
    with pytest.raises(StoreError):
        keys.create("another", ["admin"])
    assert path.read_bytes() == before
    assert not keys.is_fresh()


def test_a_folder_or_unreachable_file_opens_nothing(tmp_path: Path, path: Path) -> None:
    path.mkdir()
    with pytest.raises(StoreError):
        ApiKeys(tmp_path).any()
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError):
        ApiKeys(tmp_path / "file").any()


def test_keys_made_at_once_are_all_kept(tmp_path: Path) -> None:
    def create(number: int) -> str:
        return ApiKeys(tmp_path).create(f"phone {number}", ["recognize"])[0].id

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(create, range(24)))
    assert {key.id for key in ApiKeys(tmp_path).list()} == set(made)


def test_what_a_killed_writer_left_is_removed(tmp_path: Path) -> None:
    left = tmp_path / ".api_keys.json.1234abcd.part"
    left.write_text("half")
    ApiKeys(tmp_path).create("phone", ["recognize"])
    assert not left.exists()
