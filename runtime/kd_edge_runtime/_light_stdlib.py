"""Light replacements for modules of the standard library that are slow to import.

A device often starts a process for a single response, and importing `dataclasses`, `typing` and
`hashlib` would add about half to its cost. Type checkers see the standard library's versions;
`replace`, `asdict` and the like work with these classes as with real dataclasses.
"""

from __future__ import annotations

import sys

# Type checkers recognise the name; importing it from typing would import typing.
TYPE_CHECKING = False

__all__ = ["TYPE_CHECKING", "NamedTuple", "dataclass", "sha256"]

if TYPE_CHECKING:
    from dataclasses import dataclass
    from hashlib import sha256
    from typing import NamedTuple
else:
    try:
        # Looking for the one that is not there would take as long as importing the other.
        if sys.version_info >= (3, 12):
            from _sha2 import sha256
        else:
            from _sha256 import sha256
    except ImportError:
        from hashlib import sha256  # which loads OpenSSL
    try:
        from _collections import _tuplegetter as _getter
    except ImportError:
        from operator import itemgetter

        def _getter(at, _):
            return property(itemgetter(at))

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

    class _Tuple(tuple):
        """What all named tuples share."""

        __slots__ = ()

        def __new__(cls, *values, **named):
            names = cls._fields
            given = {**dict(zip(names, values)), **named}
            if len(given) < len(values) + len(named) or {*cls._field_defaults, *given} != {*names}:
                raise TypeError(f"{cls.__name__} takes {', '.join(names)}")
            return tuple.__new__(cls, map({**cls._field_defaults, **given}.__getitem__, names))

        @classmethod
        def _make(cls, values):
            return cls(*values)

        def _replace(self, **named):
            return type(self)(**{**self._asdict(), **named})

        def _asdict(self):
            return dict(zip(self._fields, self))

        def __getnewargs__(self):
            return (*self,)

        def __repr__(self):
            fields = ", ".join(f"{name}={value!r}" for name, value in zip(self._fields, self))
            return f"{type(self).__name__}({fields})"

    class _NamedTupleMeta(type):
        def __new__(cls, name, bases, body):
            fields = (*body.get("__annotations__", ()),)
            if not fields:
                return type.__new__(cls, name, bases, body)
            defaults = {field: body[field] for field in fields if field in body}
            body.update({field: _getter(at, "") for at, field in enumerate(fields)})
            body.update(_fields=fields, __match_args__=fields, _field_defaults=defaults)
            return type(name, (_Tuple,), {**body, "__slots__": ()})

    class NamedTuple(metaclass=_NamedTupleMeta):
        """As typing's; `collections.namedtuple` would compile a class at every start."""
