"""The database of a search: SQLite in the search's folder, or a server that several machines reach.

SQLite gives two processes the same trial unless a transaction takes the lock when it begins, which Optuna leaves to
the engine; so every transaction here begins as an immediate one.
Source    sqlalchemy.org, "SQLite: enabling non-legacy transactional modes"; sqlite.org/lang_transaction.html.
"""

from __future__ import annotations

import contextlib
import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.errors import FileError, PellucidError, UsageError, describe
from pellucid.search.study_file import refuse_harmful
from pellucid.words import hidden

if TYPE_CHECKING:
    from optuna.storages import RDBStorage

HEARTBEAT, GRACE = 10, 60  # seconds between two signs of life, and of silence before a trial is taken over
LOCKED = 30.0  # seconds to wait while another process writes
CONNECT = 10  # seconds until a server is taken to be out of reach
TABLES_LOCK = 7_355_618  # any number, the same for all
FORMS = "sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME"
DRIVER = 'pip install "psycopg[binary]"'


def sqlite_url(path: Path) -> str:
    """The address of a database in a file."""
    return f"sqlite:///{path.resolve().as_posix()}"


def address_of(text: str) -> str:
    """The address as SQLAlchemy wants it; raises UsageError for another kind of database, or none."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(text)
        kind = url.get_backend_name()
    except (ArgumentError, ValueError):
        raise UsageError(describe("search", "--storage", FORMS, repr(hidden(text)))) from None
    if kind == "sqlite" and url.database not in (None, "", ":memory:"):
        return text
    if kind == "postgresql" and url.host and url.database:
        return str(url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False))
    raise UsageError(describe("search", "--storage", FORMS, repr(hidden(text))))


def file_of(address: str) -> Path:
    """The file of an address of SQLite; SQLite follows a link that the user named, and so does this."""
    from sqlalchemy.engine import make_url

    return Path(make_url(address).database or "").resolve()


@contextmanager
def opened(address: str) -> Iterator[RDBStorage]:
    """The database, its tables made if there are none; closed at the end.

    Raises FileError, which says what to do, when it is locked, out of reach, damaged or of another version.
    """
    with told(address):
        if address.startswith("sqlite"):
            refuse_harmful(file_of(address), LOCKED)
        storage = connect(address)
        try:
            yield storage
        finally:
            storage.remove_session()
            storage.engine.dispose()


def connect(address: str) -> RDBStorage:
    """Optuna's storage at an address."""
    from optuna.exceptions import ExperimentalWarning
    from optuna.storages import RDBStorage

    sqlite = address.startswith("sqlite")
    options: dict[str, Any] = {"timeout": LOCKED} if sqlite else {"connect_timeout": CONNECT}
    with warnings.catch_warnings(), contextlib.nullcontext() if sqlite else alone(address, options):
        warnings.simplefilter("ignore", ExperimentalWarning)  # its heartbeat
        storage = RDBStorage(
            address, engine_kwargs={"connect_args": options}, heartbeat_interval=HEARTBEAT, grace_period=GRACE
        )
    if sqlite:
        lock_from_the_beginning(storage.engine)
    return storage


@contextmanager
def alone(address: str, options: dict[str, Any]) -> Iterator[None]:
    """Hold a lock of the server, so that of two machines that begin at once only one makes the tables."""
    from sqlalchemy import create_engine, text

    engine = create_engine(address, connect_args=options)
    try:
        with engine.connect() as connection:
            connection.execute(text(f"SELECT pg_advisory_lock({TABLES_LOCK})"))
            yield  # the lock ends with the connection
    finally:
        engine.dispose()


def lock_from_the_beginning(engine: Any) -> None:
    """Let every transaction take SQLite's lock when it begins."""
    from sqlalchemy import event

    def leave_transactions_to_us(connection: Any, record: Any) -> None:
        connection.isolation_level = None

    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    engine.dispose()  # the connections that made the tables are of the other kind
    event.listen(engine, "connect", leave_transactions_to_us)
    event.listen(engine, "begin", begin)


@contextmanager
def told(address: str) -> Iterator[None]:
    """Put what a database says into one sentence."""
    from optuna.exceptions import StorageInternalError
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except PellucidError:
        raise
    except (StorageInternalError, SQLAlchemyError, sqlite3.Error) as error:
        raise fault_of(address, error) from error
    except AssertionError as error:  # Optuna's, over the fault that kept it from writing how a trial ended
        if not isinstance(error.__context__, (StorageInternalError, SQLAlchemyError, sqlite3.Error)):
            raise
        raise fault_of(address, error.__context__) from error
    except ImportError as error:
        raise UsageError(f"search: {hidden(address)} needs the driver of its server. Type: {DRIVER}") from error
    except RuntimeError as error:
        if "optuna" not in str(error).lower() and "schema" not in str(error).lower():
            raise
        where = hidden(address)
        raise FileError(f"the study in {where} is of another version of Optuna ({error}). Choose another --out or "
                        "--storage.") from error  # fmt: skip


def fault_of(address: str, error: BaseException) -> FileError:
    """The error in our words, by what the driver said."""
    cause: BaseException = error
    while cause.__cause__ is not None and getattr(cause, "orig", None) is None:
        cause = cause.__cause__
    said = " ".join(str(getattr(cause, "orig", None) or cause).split()).rstrip(".?")
    where = hidden(address).removeprefix("sqlite:///")
    if "locked" in said:
        return FileError(f"the study {where} is locked: another process has been writing to it for {LOCKED:g} seconds. "
                         "End that process, or choose another --out.")  # fmt: skip
    if "not a database" in said or "malformed" in said:
        return FileError(f"the study {where} is damaged ({said}). Bring it back from a copy, or choose another --out.")
    if address.startswith("sqlite"):
        return FileError(f"the study {where} cannot be used: {said}. Check its folder and your rights there.")
    return FileError(f"the study at {where} cannot be used: {said}. Start the server, or check --storage: host, port, "
                     "user, password and name.")  # fmt: skip
