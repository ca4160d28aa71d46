"""From an answer's JSON to results: strict about what must be there, blind to what is new."""

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from face_service.client.errors import UnexpectedAnswerError

T = TypeVar("T")
Reader = Callable[[Any, str], Any]


def read(kind: type[T], value: Any, where: str = "answer") -> T:
    """Return a JSON value as the dataclass ``kind``; members that it does not have are ignored.

    Args:
        kind: a dataclass of other such classes, numbers, text, times, tuples and mappings.
        value: what ``json.loads`` made.
        where: what the error calls the value.

    Raises:
        UnexpectedAnswerError: a member without a default is missing, or one is of another type.
    """
    reader: Reader = _reader_of(cast(Any, kind))
    return cast(T, reader(value, where))


@cache
def _reader_of(kind: Any) -> Reader:
    """Return what reads values of a type hint."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _either([_reader_of(one) for one in arguments])
    if origin is tuple:
        return _tuple(arguments)
    if origin is Mapping:
        return _mapping(_reader_of(arguments[1]))
    if is_dataclass(kind):
        return _members(kind)
    return _PLAIN[kind]


def _members(kind: Any) -> Reader:
    hints = get_type_hints(kind)
    readers = {one.name: _reader_of(hints[one.name]) for one in fields(kind)}
    needed = {
        one.name
        for one in fields(kind)
        if one.default is MISSING and one.default_factory is MISSING
    }

    def read_members(value: Any, where: str) -> Any:
        if not isinstance(value, dict):
            raise _unexpected(where, "an object")
        if missing := needed - value.keys():
            raise UnexpectedAnswerError(f"{where}: has no member '{min(missing)}'")
        return kind(
            **{
                name: reader(value[name], f"{where}.{name}")
                for name, reader in readers.items()
                if name in value
            }
        )

    return read_members


def _tuple(arguments: tuple[Any, ...]) -> Reader:
    if arguments[-1] is Ellipsis:
        same = _reader_of(arguments[0])

        def read_all(value: Any, where: str) -> tuple[Any, ...]:
            if not isinstance(value, list):
                raise _unexpected(where, "a list")
            return tuple(same(one, f"{where}[{index}]") for index, one in enumerate(value))

        return read_all
    readers = [_reader_of(one) for one in arguments]

    def read_each(value: Any, where: str) -> tuple[Any, ...]:
        if not isinstance(value, list) or len(value) != len(readers):
            raise _unexpected(where, f"a list of {len(readers)}")
        each = enumerate(zip(readers, value, strict=True))
        return tuple(reader(one, f"{where}[{index}]") for index, (reader, one) in each)

    return read_each


def _mapping(reader: Reader) -> Reader:
    def read_mapping(value: Any, where: str) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            raise _unexpected(where, "an object")
        return {name: reader(one, f"{where}.{name}") for name, one in value.items()}

    return read_mapping


def _either(readers: list[Reader]) -> Reader:
    """Return a reader that takes the first of several types that fits."""

    def read_either(value: Any, where: str) -> Any:
        if value is None and _nothing in readers:
            return None
        others = [reader for reader in readers if reader is not _nothing]
        for reader in others[:-1]:
            try:
                return reader(value, where)
            except UnexpectedAnswerError:
                continue
        return others[-1](value, where)

    return read_either


def _nothing(value: Any, where: str) -> None:
    if value is not None:
        raise _unexpected(where, "null")


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise _unexpected(where, "text")
    return value


def _flag(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise _unexpected(where, "true or false")
    return value


def _whole(value: Any, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _unexpected(where, "a whole number")
    return value


def _number(value: Any, where: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise _unexpected(where, "a number")
    return float(value)


def _time(value: Any, where: str) -> datetime:
    try:
        moment = datetime.fromisoformat(_text(value, where))
    except ValueError as error:
        raise _unexpected(where, "a time") from error
    if moment.tzinfo is None:
        raise _unexpected(where, "a time with its zone")
    return moment


def _unexpected(where: str, expected: str) -> UnexpectedAnswerError:
    return UnexpectedAnswerError(f"{where}: is not {expected}")


_PLAIN: Mapping[Any, Reader] = {
    str: _text,
    bool: _flag,
    int: _whole,
    float: _number,
    datetime: _time,
    type(None): _nothing,
}
