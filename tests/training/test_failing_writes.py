"""Disk full, disk broken, folder gone or closed while a model trains: training goes on, and nothing good is lost."""

from __future__ import annotations

import builtins
import errno
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import scratchnet as sn
from scratchnet import Input, Sequential, layers
from scratchnet.callbacks import BackupAndRestore, CSVLogger, LambdaCallback, ModelCheckpoint
from scratchnet.errors import InUseError
from scratchnet.utils.locks import FolderLock

X, Y = np.ones((8, 2), "float32"), np.ones((8, 1), "float32")
ERRORS = [errno.ENOSPC, errno.EIO, errno.EACCES]


@pytest.fixture(autouse=True)
def _definitions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sn.config.set_backend("numpy")
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    return tmp_path / "run"


class Faults:
    """Lets whatever opens, writes, flushes or moves something below a folder fail, while it is switched on."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder, self.on, self.number = str(folder), False, errno.ENOSPC
        self.descriptors: set[int] = set()
        for module, name in ((os, "open"), (builtins, "open"), (os, "replace"), (os, "fsync"), (os, "makedirs")):
            patch.setattr(module, name, self.instead_of(getattr(module, name), name))

    moment = "open"

    def instead_of(self, real: Callable[..., Any], name: str) -> Callable[..., Any]:
        def function(path: Any, *given: Any, **options: Any) -> Any:
            reading = name == "open" and given and (given[0] == "rb" or given[0] in (os.O_RDONLY, os.O_RDONLY))
            concerned = isinstance(path, int) or str(path).startswith(self.folder)
            if self.on and name == self.moment and concerned and not reading:
                raise OSError(self.number, os.strerror(self.number), path)
            return real(path, *given, **options)

        return function


@pytest.fixture
def faults(run: Path, monkeypatch: pytest.MonkeyPatch) -> Faults:
    return Faults(run, monkeypatch)


def model() -> Any:
    sn.utils.set_random_seed(1)
    sn.utils.clear_session()
    made = Sequential([Input((2,)), layers.Dense(1)])
    made.compile("adam", "mse")
    return made


def fit(here: Any, *callbacks: Any, epochs: int = 5, verbose: int = 0) -> Any:
    here.fit(X, Y, batch_size=4, epochs=epochs, verbose=verbose, callbacks=list(callbacks))
    return here


def between(first: int, last: int, switch: Callable[[bool], None], backup: Any = None) -> LambdaCallback:
    """Switch on in epoch ``first``, from 0, and off after ``last``; what a backup writes beside comes before."""

    def begin(epoch: int, logs: Any) -> None:
        if backup is not None:
            backup._writer.wait()
        switch(first <= epoch <= last)

    return LambdaCallback(on_epoch_begin=begin)


@pytest.mark.parametrize("moment", ["open", "fsync", "replace"])
@pytest.mark.parametrize("number", ERRORS)
def test_a_backup_that_cannot_be_written_is_told_once_and_the_last_good_one_goes_on(
    number: int, moment: str, run: Path, faults: Faults
) -> None:
    faults.number, faults.moment = number, moment
    alone = fit(model())

    def switch(on: bool) -> None:
        faults.on = on

    class Crash(BaseException):
        pass

    def crash(epoch: int, logs: Any) -> None:
        if epoch == 4:
            raise Crash

    backup, crashing = BackupAndRestore(run), LambdaCallback(on_epoch_end=crash)
    with (
        pytest.warns(UserWarning, match=r"BackupAndRestore could not save: Cannot write '.*': .*goes on") as told,
        pytest.raises(Crash),
    ):
        fit(model(), between(2, 9, switch, backup), backup, crashing)
    assert len(told) == 1
    assert [path.name for path in run.iterdir()] == [BackupAndRestore.FILE]
    faults.on = False
    begun: list[int] = []
    again = fit(model(), BackupAndRestore(run), LambdaCallback(on_epoch_begin=lambda epoch, logs: begun.append(epoch)))
    assert begun == [2, 3, 4]
    assert all(np.array_equal(a, b) for a, b in zip(again.get_weights(), alone.get_weights()))


def test_a_backup_that_is_to_stay_and_cannot_be_written_is_an_error_at_the_end(run: Path, faults: Faults) -> None:
    here, backup = model(), BackupAndRestore(run, delete_checkpoint=False)
    with (
        pytest.warns(UserWarning, match="could not save"),
        pytest.raises(OSError, match=r"could not save the end of the run: .* The trained model is in memory: save it"),
    ):
        fit(here, between(3, 9, lambda on: setattr(faults, "on", on), backup), backup)
    assert here.history.epoch == [0, 1, 2, 3, 4]
    assert here.optimizer.iterations == 10


def test_a_backup_that_works_again_is_no_error(run: Path, faults: Faults) -> None:
    backup = BackupAndRestore(run, delete_checkpoint=False)
    with pytest.warns(UserWarning, match="could not save") as told:
        fit(model(), between(1, 2, lambda on: setattr(faults, "on", on), backup), backup)
    assert len(told) == 1
    assert (run / BackupAndRestore.FILE).exists()


def test_a_folder_that_is_gone(run: Path) -> None:
    here, backup = model(), BackupAndRestore(run)
    gone = between(2, 2, lambda on: shutil.rmtree(run) if on else None, backup)
    with (
        pytest.warns(UserWarning, match="could not"),
        pytest.raises(FileNotFoundError, match=r"CSVLogger could not write the last rows .*No such file"),
    ):
        fit(here, CSVLogger(run / "log.csv"), backup, gone)
    assert here.history.epoch == [0, 1, 2, 3, 4]


def test_the_last_save_is_over_when_others_are_let_in_although_another_callback_failed(run: Path) -> None:
    backup, idle = BackupAndRestore(run), []
    give_back = backup._lock.give_back

    def let_in() -> None:
        idle.append(backup._writer._thread is None)
        give_back()

    def fail(logs: Any) -> None:
        raise RuntimeError("no")

    backup._lock.give_back = let_in  # type: ignore[method-assign]
    with pytest.raises(RuntimeError, match="no"):
        fit(model(), LambdaCallback(on_train_end=fail), backup)
    assert idle == [True]


@pytest.mark.parametrize("number", ERRORS)
def test_rows_that_could_not_be_written_come_with_the_next(number: int, run: Path, faults: Faults) -> None:
    fit(model(), CSVLogger(run / "alone.csv"))
    faults.number = number
    with pytest.warns(UserWarning, match=r"CSVLogger could not write to '.*log\.csv': .* Training goes on") as told:
        fit(model(), between(1, 3, lambda on: setattr(faults, "on", on)), CSVLogger(run / "log.csv"))
    assert len(told) == 1
    assert (run / "log.csv").read_bytes() == (run / "alone.csv").read_bytes()


def test_half_a_row_on_a_full_disk_is_taken_back(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fit(model(), CSVLogger(run / "alone.csv"), epochs=3)
    real, full = builtins.open, [False]

    class Half:
        def __init__(self, file: Any) -> None:
            self.file = file

        def __enter__(self) -> Any:
            return self

        def __exit__(self, *_: Any) -> None:
            self.file.close()

        def write(self, text: bytes) -> None:
            self.file.write(text[: len(text) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")

        def __getattr__(self, name: str) -> Any:
            return getattr(self.file, name)

    monkeypatch.setattr(
        "scratchnet.callbacks.csv_logger.open",
        lambda *given, **options: Half(real(*given, **options)) if full[0] else real(*given, **options),
        raising=False,
    )
    seen = []

    def watch(epoch: int, logs: Any) -> None:
        full[0] = epoch == 1
        seen.append((run / "log.csv").read_bytes())

    with pytest.warns(UserWarning, match="No space left"):
        fit(model(), LambdaCallback(on_epoch_begin=watch), CSVLogger(run / "log.csv"), epochs=3)
    assert seen[1] == seen[2]
    assert (run / "log.csv").read_bytes() == (run / "alone.csv").read_bytes()


@pytest.mark.parametrize("number", ERRORS)
def test_a_checkpoint_that_works_again_is_told_once(number: int, run: Path, faults: Faults) -> None:
    faults.number = number
    switch = between(1, 2, lambda on: setattr(faults, "on", on))
    with pytest.warns(UserWarning, match=r"ModelCheckpoint could not save to '.*': .* Training goes on") as told:
        fit(model(), switch, ModelCheckpoint(run / "{epoch}", "loss"))
    assert len(told) == 1
    assert {path.name for path in run.iterdir()} == {"1", "4", "5"}


@pytest.mark.parametrize("weights_only", [False, True])
def test_the_last_checkpoint_goes_elsewhere_and_the_error_says_where(
    weights_only: bool, run: Path, faults: Faults, tmp_path: Path
) -> None:
    here = model()
    switch = between(2, 9, lambda on: setattr(faults, "on", on))
    checkpoint = ModelCheckpoint(run / "model", "loss", save_weights_only=weights_only)
    with (
        pytest.warns(UserWarning, match="could not save"),
        pytest.raises(OSError, match=r"could not save: .*No space left.*; the model as it is now is in '") as caught,
    ):
        fit(here, switch, checkpoint)
    assert caught.value.errno == errno.ENOSPC
    (saved,) = (tmp_path / "temporary").rglob("*.safetensors")
    assert str(saved) in str(caught.value)
    other = model()
    other.load_weights(saved)
    assert all(np.array_equal(a, b) for a, b in zip(other.get_weights(), here.get_weights()))
    faults.on = False
    assert sn.load_model(run / "model").optimizer.iterations == 4 if not weights_only else True


def test_the_best_is_what_the_file_holds(run: Path, faults: Faults) -> None:
    values = iter([3.0, 1.0, 2.0])

    def set_loss(epoch: int, logs: Any) -> None:
        logs["own"] = next(values)

    checkpoint = ModelCheckpoint(run / "best-{epoch}", "own", save_best_only=True, mode="min")
    switch = between(1, 1, lambda on: setattr(faults, "on", on))
    with pytest.warns(UserWarning, match="could not save"):
        fit(model(), switch, LambdaCallback(on_epoch_end=set_loss), checkpoint, epochs=3)
    assert {path.name for path in run.iterdir()} == {"best-1", "best-3"}
    assert checkpoint.best == 2.0


# A CSV file that a crash has torn ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "goes_on"),
    [
        (b"epoch,loss\r\n0,0.5\r\n1,0.2", b"epoch,loss\r\n0,0.5\r\n"),
        (b"epoch,loss\r\n0,0.5\r\n1", b"epoch,loss\r\n0,0.5\r\n"),
        (b"epoch,loss\r\n0,0.5\r", b"epoch,loss\r\n0,0.5\r\n"),
        (b"epoch,lo", b"epoch,loss\r\n"),
    ],
)
@pytest.mark.filterwarnings("ignore:CSVLogger expected whole rows")
def test_a_torn_row_is_completed_or_dropped_before_appending(left: bytes, goes_on: bytes, run: Path) -> None:
    (run / "log.csv").write_bytes(left)
    here = fit(model(), CSVLogger(run / "log.csv", append=True), epochs=2)
    rows = b"".join(f"{epoch},{loss}\r\n".encode() for epoch, loss in enumerate(here.history.history["loss"]))
    assert (run / "log.csv").read_bytes() == goes_on + rows
    assert sn.plotting.learning_curves(run / "log.csv") is not None


def test_a_torn_row_is_told(run: Path) -> None:
    (run / "log.csv").write_bytes(b"epoch,loss\r\n0,0.5\r\n1,0.2")
    with pytest.warns(UserWarning, match=r"whole rows in '.*log\.csv', got a last one without an end.*: '1,0\.2'"):
        fit(model(), CSVLogger(run / "log.csv", append=True))


# Two at once -------------------------------------------------------------------------------------------------------


def test_two_may_not_use_one_folder(run: Path) -> None:
    lock = FolderLock()
    assert lock.take(str(run))
    here = model()
    with pytest.raises(InUseError, match=r"expected the folder '.*run' for this run alone, but another process is tr"):
        fit(here, BackupAndRestore(run))
    assert here.history is None
    lock.give_back()
    fit(here, BackupAndRestore(run))
    run.mkdir()
    assert lock.take(str(run))  # it is given back after a fit
    lock.give_back()


def test_a_folder_made_by_another_meanwhile_is_refused_too(run: Path) -> None:
    lock = FolderLock()

    def another(logs: Any) -> None:
        (run / "backup").mkdir()
        assert lock.take(str(run / "backup"))

    with pytest.raises(InUseError):
        fit(model(), LambdaCallback(on_train_begin=another), BackupAndRestore(run / "backup"))
    lock.give_back()
