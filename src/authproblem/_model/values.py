"""`Value`: the base of the immutable values that the modules pass to each other, and how they are made."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from typing_extensions import Self, dataclass_transform
else:

    def dataclass_transform(**_options: object) -> Any:
        """Replace the decorator that only type checkers need."""
        return lambda cls: cls


_new = object.__new__


@dataclass_transform(frozen_default=True)
class Value:
    """Base of immutable values: compared by their fields, shown with all of them, copied with changes by `replace`.

    A subclass lists its fields in `__slots__`. The constructor takes all of them, in this order or by name. Written out
    instead of `dataclasses.dataclass(frozen=True, slots=True)`, since importing that module takes longer than importing
    this package, and since its constructors take twice as long.

    Values that are made for each error have a constructor of their own, with defaults and with the fields written out:
    the value begins as an instance of `draft`, whose fields are set by ordinary assignments, and becomes immutable when
    its `__class__` is set to the real one. That takes a small part of the time of the inherited constructor.
    """

    __slots__: ClassVar[tuple[str, ...]] = ()
    draft: ClassVar[type[Any]]
    setters: ClassVar[tuple[Callable[[object, Any], None], ...]] = ()

    def __init_subclass__(cls, *, init: bool = True) -> None:
        """Make what constructors need: the class of values that are not finished yet, and a setter for each field.

        Args:
            init: False tells type checkers that `__new__` has the signature (PEP 681).
        """
        del init
        super().__init_subclass__()
        if "__setattr__" not in cls.__dict__:
            # Both methods: they share a slot of the type, and with one in Python each assignment is a call.
            unprotected = {"__setattr__": object.__setattr__, "__delattr__": object.__delattr__}
            cls.draft = type(f"{cls.__name__}Draft", (Value,), {"__slots__": cls.__slots__, **unprotected})
            cls.setters = tuple(getattr(cls, name).__set__ for name in cls.__slots__)

    def __new__(cls, *fields: Any, **named: Any) -> Self:
        """Make a value from all its fields, in order or by name.

        Raises:
            TypeError: if a field is missing, unknown or given twice.
        """
        names = cls.__slots__
        try:
            values = (*fields, *map(named.__getitem__, names[len(fields) :]))
        except KeyError as missing:
            raise TypeError(f"{cls.__name__} lacks the field {missing.args[0]!r}; it has {', '.join(names)}") from None
        if len(fields) + len(named) != len(names):
            raise TypeError(f"{cls.__name__} has the fields {', '.join(names)}; got {len(fields) + len(named)} values")
        made = _new(cls)
        for set_field, value in zip(cls.setters, values, strict=True):
            set_field(made, value)
        return made

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable: {name} cannot be set")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable: {name} cannot be deleted")

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    def __hash__(self) -> int:
        return hash(tuple(getattr(self, name) for name in self.__slots__))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__)
        return f"{type(self).__name__}({shown})"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(getattr(self, name) for name in self.__slots__)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _memo: object) -> Self:
        return self

    def replace(self, **changes: Any) -> Self:
        """Return a copy with some fields changed.

        Raises:
            TypeError: for a field that does not exist.
        """
        fields = {name: getattr(self, name) for name in self.__slots__}
        if unknown := sorted(changes.keys() - fields.keys()):
            raise TypeError(f"{type(self).__name__} has no field {unknown[0]!r}; it has {', '.join(fields)}")
        return type(self)(**{**fields, **changes})
