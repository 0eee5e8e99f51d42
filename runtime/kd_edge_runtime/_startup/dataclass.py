"""`dataclass` and `NamedTuple` for what is imported before the first score.

The standard library's import `inspect` and compile code for each class, at nearly half of what
scoring one response costs without them. Type checkers see the standard library's, and `replace`,
`asdict` and their like take these as they take its own.
"""

from __future__ import annotations

from collections import namedtuple

# As type checkers know it by name; typing's own would import typing.
TYPE_CHECKING = False

__all__ = ["TYPE_CHECKING", "NamedTuple", "dataclass"]

if TYPE_CHECKING:
    from dataclasses import dataclass
    from typing import NamedTuple
else:

    def dataclass(*, frozen):
        """A class decorator; `frozen` has to be True, and no default may be mutable."""
        assert frozen
        return _made

    def _made(cls):
        names = (*cls.__annotations__,)
        defaults = {name: vars(cls)[name] for name in names if name in vars(cls)}

        def init(self, *values, **named):
            given = {**dict(zip(names, values)), **named}
            if len(given) < len(values) + len(named) or {*defaults, *given} != {*names}:
                raise TypeError(f"{cls.__name__} takes {', '.join(names)}")
            self.__dict__.update(defaults, **given)

        cls.__init__ = init
        cls.__dataclass_fields__ = _Fields(defaults)
        cls.__setattr__ = cls.__delattr__ = _refuse
        cls.__eq__ = _equal
        cls.__hash__ = lambda self: hash((*map(self.__dict__.get, names),))
        cls.__repr__ = _shown
        return cls

    class _Fields:
        """What the dataclasses module knows of a class, made when it asks."""

        def __init__(self, defaults):
            self._defaults = defaults

        def __get__(self, instance, cls):
            from dataclasses import dataclass

            body = {"__annotations__": cls.__annotations__, **self._defaults}
            fields = dataclass(type(cls.__name__, (), body)).__dataclass_fields__
            cls.__dataclass_fields__ = fields
            return fields

    def _refuse(_, name, *__):
        from dataclasses import FrozenInstanceError

        raise FrozenInstanceError(f"cannot change '{name}'")

    def _equal(self, other):
        return self.__dict__ == other.__dict__ if type(self) is type(other) else NotImplemented

    def _shown(self):
        names = type(self).__annotations__
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{type(self).__name__}({fields})"

    class _Tuple(type):
        def __new__(cls, name, bases, body):
            fields = body.get("__annotations__")
            if not fields:
                return type.__new__(cls, name, bases, body)
            made = namedtuple(
                name,
                fields,
                defaults=[body.pop(one) for one in fields if one in body],
                module=body["__module__"],
            )
            for key, value in body.items():
                if key not in ("__module__", "__qualname__", "__annotations__"):
                    setattr(made, key, value)
            return made

    class NamedTuple(metaclass=_Tuple):
        """As typing's."""
