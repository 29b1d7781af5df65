"""Structured logs: one JSON object a line, or colours on a terminal.

Never logs a password, a token or a cookie: nobody passes one in, and `_redact` is the net beneath. Never fails: a line
that cannot be written (a full disk, a pipe that nobody reads) is lost, and nothing else.
"""

import contextlib
import logging
import sys
from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, TextIO, cast

import structlog

# A key that is one of these, or ends in one behind an underscore, has a value that nobody may read.
SECRET_KEYS = frozenset({"password", "token", "secret", "cookie", "authorization", "code", "dsn", "verifier"})

# Made here, of many lines.
_LONG = frozenset({"stack", "exception"})

_bound: ContextVar[Mapping[str, Any]] = ContextVar("bound", default=MappingProxyType({}))


def bind(**values: Any) -> None:
    """Have the lines of this task, and of those that it starts, carry `values`, in place of what was bound before."""
    # One look-up for all: structlog's own way keeps a variable for each name, and every request comes through here.
    _bound.set(values)


def bound() -> Mapping[str, Any]:
    """What the lines of this task carry."""
    return _bound.get()


def _with_bound(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {**_bound.get(), **event}


_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO}
# Writes nothing: it knows the level of what the product says.
_product = logging.getLogger("heliograph")
_product.setLevel(logging.INFO)


def told(level: str) -> bool:
    """Whether lines of `level` are written: for what would cost more to say than to do."""
    return _product.isEnabledFor(_LEVELS[level])


def _redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key in event:
        if key.rpartition("_")[2] in SECRET_KEYS:
            event[key] = "[redacted]"
    return event


def _one_line(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """For a terminal: nothing that somebody sent begins a line of its own, or moves the cursor. JSON escapes by itself."""
    for key, value in event.items():
        if isinstance(value, str) and key not in _LONG and not value.isprintable():
            event[key] = "".join([char if char.isprintable() else ascii(char)[1:-1] for char in value])
    return event


class _Output:
    """Takes lines for `file`. An error in a log call would end the very code that copes with the full disk."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError):
            self._file.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self._file.flush()


def get(name: str) -> Any:
    """A logger that carries `name` in each line; bound context (request id, message id) comes along."""
    return structlog.get_logger(room=name)


def configure(level: str = "info", form: str = "auto") -> None:
    """Set up logging for this process, once. `form`: auto (JSON unless a terminal), json or console."""
    _product.setLevel(level.upper())
    as_json = form == "json" or (form == "auto" and not sys.stderr.isatty())
    output = cast("TextIO", _Output(sys.stderr))
    # The console's usual traceback shows every local variable, a request's bearer token among them.
    console = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )
    renderer: Any = structlog.processors.JSONRenderer() if as_json else console
    shared: list[Any] = [
        _with_bound,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _redact,
        *([structlog.processors.format_exc_info] if as_json else [structlog.processors.StackInfoRenderer(), _one_line]),
    ]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(_product.level),
        logger_factory=structlog.WriteLoggerFactory(file=output),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(output)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
