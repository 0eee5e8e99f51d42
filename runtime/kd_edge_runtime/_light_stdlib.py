"""Light replacements for modules of the standard library that are slow to import.

A device often starts a process for a single response, and importing `dataclasses`, `typing` and
`hashlib` would add about half to its cost. Type checkers see the standard library's versions;
`replace`, `asdict` and the like work with these classes as with real dataclasses.
"""

from __future__ import annotations

from collections import namedtuple

# Type checkers recognise the name; importing it from typing would import typing.
TYPE_CHECKING = False

__all__ = ["TYPE_CHECKING", "NamedTuple", "dataclass", "sha256"]

if TYPE_CHECKING:
    from dataclasses import dataclass
    from hashlib import sha256
    from typing import NamedTuple
else:
    try:
        from _sha2 import sha256  # from Python 3.12 on
    except ImportError:
        try:
            from _sha256 import sha256
        except ImportError:
            from hashlib import sha256  # which loads OpenSSL

    def dataclass(*, frozen):
        """A class decorator; `frozen` must be True, and defaults must be immutable."""
        assert frozen
        return _add_methods

    def _add_methods(cls):
        names = (*cls.__annotations__,)
        defaults = {name: vars(cls)[name] for name in names if name in vars(cls)}

        def init(self, *values, **named):
            given = {**dict(zip(names, values)), **named}
            if len(given) < len(values) + len(named) or {*defaults, *given} != {*names}:
                raise TypeError(f"{cls.__name__} takes {', '.join(names)}")
            self.__dict__.update(defaults, **given)

        cls.__init__ = init
        cls.__dataclass_fields__ = _Fields(defaults)
        cls.__setattr__ = cls.__delattr__ = _refuse_change
        cls.__eq__ = _equal
        cls.__hash__ = lambda self: hash((*map(self.__dict__.get, names),))
        cls.__repr__ = _repr
        return cls

    class _Fields:
        """A class's fields as the dataclasses module stores them, computed on first access."""

        def __init__(self, defaults):
            self._defaults = defaults

        def __get__(self, instance, cls):
            from dataclasses import dataclass

            body = {"__annotations__": cls.__annotations__, **self._defaults}
            fields = dataclass(type(cls.__name__, (), body)).__dataclass_fields__
            cls.__dataclass_fields__ = fields
            return fields

    def _refuse_change(_, name, *__):
        from dataclasses import FrozenInstanceError

        raise FrozenInstanceError(f"cannot change '{name}'")

    def _equal(self, other):
        return self.__dict__ == other.__dict__ if type(self) is type(other) else NotImplemented

    def _repr(self):
        names = type(self).__annotations__
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{type(self).__name__}({fields})"

    class _NamedTupleMeta(type):
        def __new__(cls, name, bases, body):
            fields = body.get("__annotations__")
            if not fields:
                return type.__new__(cls, name, bases, body)
            result = namedtuple(
                name,
                fields,
                defaults=[body.pop(field) for field in fields if field in body],
                module=body["__module__"],
            )
            for key, value in body.items():
                if key not in ("__module__", "__qualname__", "__annotations__"):
                    setattr(result, key, value)
            return result

    class NamedTuple(metaclass=_NamedTupleMeta):
        """As typing's."""
