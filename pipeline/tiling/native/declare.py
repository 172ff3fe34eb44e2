"""Declaring what is compiled: kernels by the types they take, helpers by being called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, cast

from pipeline.tiling.native.signature import Signature, register

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")
C = TypeVar("C", bound=type)

OPTIONS = {"nogil": True, "boundscheck": False, "error_model": "numpy"}

building = False
"""Whether this process compiles: helpers are then handed to numba instead of left alone."""

kernels: dict[str, Kernel[Any, Any]] = {}
"""Every kernel of the modules imported so far, by the name of its symbol."""


class Kernel(Generic[P, R]):
    """A compiled function: called like the Python function it is written as, without the GIL.

    Attributes
    ----------
    function
        The source.
    signature
        The types it is compiled for; arguments of other types are refused, never converted.
    symbol
        Its name in the library.
    """

    def __init__(self, function: Callable[P, R], signature: Signature) -> None:
        self.function = function
        self.signature = signature
        self.symbol = f"{function.__module__.rpartition('.')[2]}_{function.__name__.lstrip('_')}"
        self.__doc__ = function.__doc__
        self._call: Callable[..., Any] | None = None

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the compiled function.

        Raises
        ------
        TypeError
            If an argument is not of the declared type, or an array not contiguous.
        MemoryError
            If the kernel could not get the memory it wanted.
        """
        if self._call is None:
            from pipeline.tiling.native.library import bind

            self._call = bind(self.symbol, self.signature)
        return cast("R", self._call(*args, **kwargs))


def kernel(signature: str) -> Callable[[Callable[P, R]], Kernel[P, R]]:
    """Compile a function that Python calls, for the types in `signature`.

    Types are written as numba writes them: ``"uint8[::1], int64[:, ::1], float64, Shapes"``,
    with ``-> int64`` or ``-> float64`` behind them for a function that returns a number; a
    :func:`record` stands for its arrays.
    """

    def declare(function: Callable[P, R]) -> Kernel[P, R]:
        declared = Kernel(function, Signature.parse(signature))
        kernels[declared.symbol] = declared
        return declared

    return declare


def helper(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function as a part of the kernels that call it."""
    return _part(function, inline=False)


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function into each place that calls it: for what runs once a feature or vertex.

    A call hands over seven words for every array, more than a short function does itself.
    """
    return _part(function, inline=True)


def _part(function: Callable[P, R], *, inline: bool) -> Callable[P, R]:
    if not building:
        return function
    from numba import njit

    return cast("Callable[P, R]", njit(forceinline=inline, **OPTIONS)(function))


def prefetch(array: Any, at: Any) -> None:
    """Ask for item `at` of an array, counted through all its dimensions, without waiting for it.

    A look into a table larger than the cache waits a hundred nanoseconds for memory; asked for a
    few items ahead, it is there when it is its turn.
    """


def record(arrays: str) -> Callable[[C], C]:
    """Let kernels take a NamedTuple of arrays of the given types."""

    def declare(kind: C) -> C:
        register(kind, arrays)
        return kind

    return declare
