"""Python values to JSON and back, one function each way: what a person corrected returns as what the code expects."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar, cast, get_origin

import msgspec

from airworthy.base.canonical import OutOfProfile, profiled
from airworthy.base.diagnostic import Diagnostic
from airworthy.base.errors import BadInput

T = TypeVar("T")


def to_json(value: object) -> dict[str, Any]:
    """`value` as a JSON object of its own, sharing nothing with it.

    Dataclasses, msgspec structs, pydantic models and dicts are objects; anything else stands as {"value": ...}.
    Raises BadInput (C010) where it has no JSON form: NaN, infinities, open files ...
    """
    try:
        json = plain(value)
        profiled(json)
    except (OutOfProfile, TypeError, ValueError, RecursionError) as error:
        said = error.diagnostics[0].sentence if isinstance(error, OutOfProfile) else str(error)
        raise _refuse(
            "C010", f"a {type(value).__name__} cannot be written as JSON: {said}", "give plain data"
        ) from None
    return json if isinstance(json, dict) else {"value": json}


def plain(value: object) -> Any:
    """`value` as JSON types, sharing nothing with it. Raises TypeError or ValueError where there is no such form."""
    return msgspec.to_builtins(value, enc_hook=_known, str_keys=True)


def from_json(json: Any, into: type[T]) -> T:
    """The value `to_json` was given, where `into` is its type; `Any` leaves JSON as it is.

    Raises BadInput (C011) where it does not fit, such as an older answer without a field that came later.
    """
    if into is cast(Any, Any):
        return cast(T, json)
    bare = not _is_object(into) and isinstance(json, dict) and "value" in json
    try:
        return msgspec.convert(json["value"] if bare else json, into, dec_hook=_rebuilt, str_keys=True)
    except (msgspec.ValidationError, TypeError, ValueError) as error:
        name = getattr(into, "__name__", str(into))
        help = "let the charter's output schema and the code's type say the same"
        raise _refuse("C011", f"what was decided does not fit a {name}: {error}", help) from None


def type_of(value: T) -> type[T]:
    """The type to restore `value` into; a list or tuple of one kind of thing is a list of those."""
    if type(value) not in (list, tuple):
        return type(value)
    inside = {type(one) for one in cast("list[Any]", value)}
    if len(inside) != 1:
        return type(value)
    one = inside.pop()
    return cast("type[T]", list[one] if type(value) is list else tuple[one, ...])  # type: ignore[valid-type]


def _is_object(into: Any) -> bool:
    """Whether values of this type are JSON objects themselves."""
    kind = get_origin(into) or into
    if not isinstance(kind, type):
        return False
    if issubclass(kind, msgspec.Struct):
        return not kind.__struct_config__.array_like
    modelled = hasattr(kind, "model_validate") or hasattr(kind, "__attrs_attrs__")
    return issubclass(kind, Mapping) or dataclasses.is_dataclass(kind) or modelled


def _known(value: Any) -> Any:
    """What msgspec does not know: pydantic models, and numpy's numbers and arrays."""
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"nothing is known about a {type(value).__name__}")


def _rebuilt(into: type, json: Any) -> Any:
    return into.model_validate(json) if hasattr(into, "model_validate") else into(json)


def _refuse(code: str, sentence: str, help: str) -> BadInput:
    return BadInput([Diagnostic(code, sentence, help=help)])
