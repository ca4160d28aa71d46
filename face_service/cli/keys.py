"""``keys create``, ``keys list`` and ``keys revoke``: the API keys of the running service.

A running server sees a change with its next request.
"""

import argparse

from face_service.cli.command import Commands, remark, say
from face_service.errors import ApiKeyError
from face_service.settings import Settings
from face_service.store.api_keys import SCOPES, ApiKeys
from face_service.store.utc import utc_text


def add_parser(commands: Commands) -> None:
    """Add the command's parser."""
    keys = commands.add_parser("keys", help="create, list and revoke API keys")
    actions = keys.add_subparsers(required=True, metavar="ACTION")
    create = actions.add_parser("create", help="make a key and show its token, once")
    create.add_argument("--name", required=True, help="what or whom the key is for")
    create.add_argument(
        "--scope",
        action="append",
        required=True,
        choices=SCOPES,
        help="what the key may do, admin everything; may be repeated",
    )
    create.set_defaults(run=_create)
    actions.add_parser("list", help="show the keys").set_defaults(run=_list)
    revoke = actions.add_parser("revoke", help="make a key worthless at once")
    revoke.add_argument("id", metavar="ID", help="the key's id, as `keys list` shows it")
    revoke.add_argument(
        "--last", action="store_true", help="even the last key: everybody may do everything then"
    )
    revoke.set_defaults(run=_revoke)


def _create(options: argparse.Namespace) -> int:
    keys = _keys()
    first = not keys.any()
    key, token = keys.create(options.name, options.scope)
    remark(f"key {key.id} ({', '.join(key.scopes)}); its token is shown only now:")
    say(token)
    if first:
        remark("this is the first key: from now on the service wants one of every request")
    return 0


def _list(_: argparse.Namespace) -> int:
    for key in _keys().list():
        created = utc_text(key.created)
        say(f"{key.id}  {created}  {','.join(key.scopes)}  {key.name}")
    return 0


def _revoke(options: argparse.Namespace) -> int:
    keys = _keys()
    if [key.id for key in keys.list()] == [options.id] and not options.last:
        raise ApiKeyError(
            "this is the last key, and without any the service is open to everybody: "
            "create another first, or say --last"
        )
    keys.revoke(options.id)
    say(f"revoked {options.id}")
    return 0


def _keys() -> ApiKeys:
    return ApiKeys(Settings.from_environment().face_dir)
