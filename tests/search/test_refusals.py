"""What cannot be searched, and databases that cannot be used: one sentence each, and nothing left behind."""

from __future__ import annotations

import contextlib
import errno
import json
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pellucid.errors import FileError, ShapeError, UsageError
from pellucid.runs.config import RunConfig
from pellucid.search import storage as searching_storage
from pellucid.search import trial as searching_trial
from pellucid.search.storage import address_of, fault_of, hidden, opened, sqlite_url
from pellucid.storage.tables import read_csv
from tests.cli.terminal import Terminal
from tests.search.conftest import SEARCH

ONE = [*SEARCH, "--rounds", "1", "--trials", "2", "--range", "lr=1e-3:1e-1:log"]

WORDS: dict[str, tuple[list[str], list[str]]] = {
    "no trials": (["--trials", "0"], ["--trials must be at least 1", "it is 0"]),
    "fewer trials than rounds": (["--trials", "2"], ["at least 1 for each of the 3 rounds", "it is 2"]),
    "rounds": (["--rounds", "1,many"], ["--rounds must be the epochs of each round, e.g. 1,5,20", "'1,many'"]),
    "a round of nothing": (["--rounds", "0"], ["--rounds"]),
    "a raised round": (["--rounds", "1,²"], ["--rounds must be the epochs of each round", "'1,²'"]),
    "a round of many digits": (["--rounds", "9" * 5000], ["--rounds must be the epochs of each round"]),
    "endless range": (["--range", "lr=1e-300:1e300:log"], ["--range lr must be between 1e-100 and 1e+100"]),
    "a large batch": (["--range", "batch_size=1:1e300"], ["--range batch_size must be of whole numbers up to"]),
    "an endless choice": (["--choice", "l2=1e400,0"], ["--l2 must be finite"]),
    "an endless schedule": (["--choice", "schedule=step:inf:0.5,constant"], ["--schedule", "step:N:F"]),
    "method": (["--method", "grid"], ["--method must be random or qmc or tpe", "'grid'"]),
    "pruner": (["--pruner", "axe"], ["--pruner must be median or halving or none"]),
    "keep": (["--keep", "some"], ["--keep must be best or all"]),
    "workers": (["--workers", "0"], ["--workers must be at least 1"]),
    "range": (["--range", "lr=fast"], ["--range must be NAME=LOW:HIGH", "'lr=fast'"]),
    "a log scale from zero": (["--range", "l2=0:1e-3:log"], ["a log scale never reaches 0"]),
    "an empty range": (["--range", "dropout=0.5:0.5"], ["a lower end, then a higher one"]),
    "unknown setting": (["--range", "speed=1:2"], ["must be one of model, activation", "'speed'"]),
    "a setting of the data": (["--choice", "data=digits,mnist"], ["the setting of --choice must be one of", "'data'"]),
    "a seed": (["--range", "seed=0:9"], ["'seed'"]),
    "twice": (["--range", "lr=1e-3:1", "--choice", "lr=0.1,0.2"], ["lr is given twice"]),
    "fixed as well": (["--lr", "0.1", "--range", "lr=1e-3:1"], ["--lr fixes what --range or --choice lr varies"]),
    "fixed by a default range": (["--dropout", "0.5"], ["--dropout fixes"]),
    "illegal end": (["--range", "dropout=0:1.5"], ["dropout cannot be 1.5", "from 0 to below 1"]),
    "a hole left open": (["--model", "FC_{width}"], ["--model has {width}", "--range width="]),
    "unknown word": (["--choice", "optimizer=adam,adamant"], ["--optimizer", "'adamant'"]),
    "unknown network": (["--choice", "model=FC_4|nonet"], ["--model", "nonet"]),
    "a network typed wrong": (["--model", "nonet"], ["--model nonet: no such network"]),
    "network that does not fit": (["--choice", "model=FC_4|pool*4"], ["pool"]),
    "no validation part": (["--val-fraction", "0"], ["there is none", "--val-fraction 0.1"]),
    "storage": (["--storage", "postgres"], ["--storage must be sqlite:///FILE or postgresql://", "'postgres'"]),
    "another server": (["--storage", "mysql://me:secret@host/db"], ["--storage must be", "mysql://me:***@host/db"]),
    "database without a name": (["--storage", "postgresql://me:secret@host"], ["postgresql://me:***@host"]),
    "database in memory": (["--storage", "sqlite://"], ["sqlite:///FILE"]),
}


@pytest.mark.parametrize("case", WORDS)
def test_words_that_mean_nothing(terminal: Terminal, case: str) -> None:
    words, parts = WORDS[case]
    name = [] if "--model" in words or "model=" in " ".join(words) else ["--model", "FC_4"]
    told = terminal.refused(2, parts, "search", "data.npz", *name, *words, "--out", "found")
    assert "secret" not in told
    assert not Path("found").exists()


def test_without_optuna_one_sentence_says_what_to_install(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    terminal.refused(2, ['pip install "pellucid[search]"'], *ONE, "--out", "found")


def test_the_driver_of_a_server_is_asked_for(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    told = terminal.refused(2, ['pip install "psycopg[binary]"'], *ONE, "--out", "found",
                                        "--storage", "postgresql://me:secret@127.0.0.1:1/db")  # fmt: skip
    assert "secret" not in told


def test_addresses() -> None:
    assert address_of("postgresql://me:a%40b@host:5433/db") == "postgresql+psycopg://me:a%40b@host:5433/db"
    assert address_of("sqlite:///some/where.db") == "sqlite:///some/where.db"
    assert hidden("postgresql+psycopg://me:p@ss@host/db") == "postgresql+psycopg://me:***@host/db"
    assert hidden("postgresql://host/db") == "postgresql://host/db"
    with pytest.raises(UsageError):
        address_of("postgresql:///db")


def test_a_server_out_of_reach() -> None:
    class Refused(Exception):
        orig = ConnectionRefusedError("connection to server at 127.0.0.1 failed")

    fault = fault_of("postgresql+psycopg://me:secret@127.0.0.1:1/db", Refused())
    assert isinstance(fault, FileError) and "secret" not in str(fault)
    assert "connection to server at 127.0.0.1 failed" in str(fault) and "check --storage" in str(fault)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another process in the middle of writing."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        connection.close()


def test_a_transaction_holds_the_lock_from_its_beginning(tmp_path: Path) -> None:
    """Or two workers would read that a trial is waiting, and both take it."""
    path = tmp_path / "study.db"
    with opened(sqlite_url(path)) as storage, storage.engine.begin():
        other = sqlite3.connect(path, timeout=0, isolation_level=None)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()


def test_a_study_that_is_locked(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching_storage, "LOCKED", 0.1)
    assert terminal.type(*ONE, "--out", "found").code == 0
    with locked(Path("found/study.sqlite3")):
        terminal.refused(1, ["study.sqlite3 is locked", "End that process"], *ONE, "--out", "found")
    assert terminal.type(*ONE, "--out", "found").code == 0


def test_studies_of_others(terminal: Terminal) -> None:
    assert terminal.type(*ONE, "--out", "found").code == 0
    other = [word.replace("1e-3", "1e-2") for word in ONE]
    told = terminal.refused(1, ["found holds another search", "choose another --out"], *other, "--out", "found")
    assert "the range of lr was 0.001:0.1:log, is 0.01:0.1:log" in told
    told = terminal.refused(1, ["found holds another search"], *ONE, "--seed", "3", "--model", "FC_5",
                                        "--out", "found")  # fmt: skip
    assert "setting seed was 0, is 3" in told and "setting model was FC_4, is FC_5" in told
    assert terminal.type(*other, "--out", "second").code == 0
    Path("second/study.sqlite3").write_bytes(Path("found/study.sqlite3").read_bytes())
    terminal.refused(1, ["study.sqlite3 is of a search of another model, on other data"], *other,
                                 "--out", "second")  # fmt: skip
    Path("second/search.json").unlink()
    terminal.refused(1, ["no search.json that says of which search it is"], *other, "--out", "second")
    Path("third").mkdir()
    Path("third/search.json").write_text("[]")
    terminal.refused(1, ["third/search.json is damaged"], *ONE, "--out", "third")


def test_other_data_are_another_search(terminal: Terminal) -> None:
    from tests.cli.terminal import pictures, write_npz

    assert terminal.type(*ONE, "--out", "found").code == 0
    write_npz(Path("data.npz"), x_train=pictures(5))
    terminal.refused(1, ["data was ", "found holds another search"], *ONE, "--out", "found")


@pytest.mark.parametrize("held", [b"this is no database, and longer than its header of a hundred bytes " * 3])
def test_a_damaged_database(terminal: Terminal, held: bytes) -> None:
    assert terminal.type(*ONE, "--out", "found").code == 0
    Path("found/study.sqlite3").write_bytes(held)
    terminal.refused(1, ["study.sqlite3 is damaged", "another --out"], *ONE, "--out", "found")


def test_a_database_in_a_folder_that_is_not_there(terminal: Terminal) -> None:
    terminal.refused(1, ["nowhere/study.db cannot be used", "Check its folder"], *ONE, "--out", "found",
                                 "--storage", "sqlite:///nowhere/study.db")  # fmt: skip


def test_trials_that_diverge_do_not_end_the_search(terminal: Terminal) -> None:
    words = [*SEARCH, "--rounds", "2", "--trials", "6", "--choice", "lr=0.01,1e37", "--optimizer", "sgd"]
    typed = terminal.type(*words, "--schedule", "constant", "--out", "found", "--json")
    assert typed.code == 0, typed.err
    found = json.loads(typed.out)
    states = {trial["state"]: trial["values"]["lr"] for trial in found["trials"]}
    assert states == {"complete": 0.01, "diverged": 1e37}
    assert "no longer finite" in next(row["reason"] for row in read_csv("found/trials.csv") if row["lr"] == "1e+37")


def test_when_all_trials_diverge(terminal: Terminal) -> None:
    words = [*SEARCH, "--rounds", "2,2", "--trials", "3", "--range", "lr=1e36:1e37", "--optimizer", "sgd"]
    terminal.refused(1, ["none of 3 trials came through", "no longer finite", "--range lr=1e-6:1e-2:log"],
                                 *words, "--schedule", "constant", "--out", "found")  # fmt: skip
    assert [row["state"] for row in read_csv("found/trials.csv")] == ["diverged"] * 3


def test_values_that_do_not_fit_together_are_a_failed_trial(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare = searching_trial.prepare_alone

    def refusing(config: RunConfig, *given: Any) -> Any:
        if config.optimizer == "sgd":
            raise ShapeError("these do not fit together")
        return prepare(config, *given)

    monkeypatch.setattr(searching_trial, "prepare_alone", refusing)
    words = [*SEARCH, "--rounds", "1", "--trials", "5", "--choice", "optimizer=sgd,adam", "--out", "found"]
    typed = terminal.type(*words)
    assert typed.code == 0, typed.err
    rows = {row["optimizer"]: (row["state"], row["reason"]) for row in read_csv("found/trials.csv")}
    assert rows == {"sgd": ("failed", "these do not fit together"), "adam": ("complete", "")}
    assert "failed  optimizer sgd  (these do not fit together)" in typed.out


def test_a_full_disk_ends_the_search_and_nothing_is_lost(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    from pellucid.storage import writer
    from pellucid.storage.entries import Entry

    class Full(writer.System):
        def create(self, path: Entry) -> int:
            if path.parent.name == "0001":
                raise OSError(errno.ENOSPC, "no space")
            return super().create(path)

    with monkeypatch.context() as patch:
        patch.setattr(writer, "system", Full())
        terminal.refused(1, ["0001", "the disk is full"], *ONE, "--out", "found")
    assert terminal.type(*ONE, "--out", "found").code == 0
    assert [row["state"] for row in read_csv("found/trials.csv")] == ["complete"] * 2


def test_a_disk_that_fills_up_as_a_trial_ends_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Optuna asserts that the end of a trial is written, and hides why it is not."""
    import sqlite3

    import optuna

    from pellucid.search.storage import told

    study = optuna.create_study()

    def full(*given: object, **named: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(type(study._storage), "set_trial_state_values", full)
    with pytest.raises(FileError, match="cannot be used: database or disk is full"), told(f"sqlite:///{tmp_path}/x"):
        study.optimize(lambda trial: 0.0, n_trials=1)
    with pytest.raises(AssertionError, match="ours"), told("sqlite:///x"):
        raise AssertionError("ours")
