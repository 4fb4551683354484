"""Callbacks, driven by hand through CallbackList, and through ``model.fit``."""

from __future__ import annotations

import csv
import os
import pickle
import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from scratchnet import callbacks, layers, metrics, optimizers, schedules
from scratchnet.callbacks import (
    Callback,
    CallbackList,
    CSVLogger,
    EarlyStopping,
    History,
    LambdaCallback,
    LearningRateScheduler,
    ModelCheckpoint,
    ReduceLROnPlateau,
    TerminateOnNaN,
)
from scratchnet.errors import NonFiniteError
from scratchnet.models import Sequential
from tests.oracles.plateau import check_plateau

HOOKS = [
    *(f"on_{kind}_{end}" for kind in ("train", "test", "predict", "epoch", "batch") for end in ("begin", "end")),
    *(f"on_{kind}_batch_{end}" for kind in ("train", "test", "predict") for end in ("begin", "end")),
]
RUN_HOOKS = [f"on_{kind}_{end}" for kind in ("train", "test", "predict") for end in ("begin", "end")]


class FakeModel:
    """Its only weight is the number of the epoch that it is in."""

    def __init__(self, named_metrics: tuple[metrics.Metric, ...] = ()) -> None:
        self.stop_training = False
        self.optimizer: Any = SimpleNamespace(learning_rate=0.1)
        self.metrics_by_name = {metric.name: metric for metric in named_metrics or (metrics.Accuracy(),)}
        self.epoch = 0
        self.history: Any = None

    def get_weights(self) -> list[np.ndarray]:
        return [np.array(self.epoch)]

    def set_weights(self, weights: list[np.ndarray]) -> None:
        self.epoch = int(weights[0])

    def save(self, path: str) -> None:
        with open(path, "w") as file:
            file.write(str(self.epoch))


def train(given, epochs_logs, model=None, batches=0, end=True):
    """Do what the training loop does and return (model, history, number of epochs)."""
    model, history = model or FakeModel(), History()
    hooks = CallbackList([*(given if isinstance(given, list) else [given]), history], model, {"epochs": 9})
    model.stop_training = False
    hooks.on_train_begin()
    for epoch, logs in enumerate(epochs_logs):
        model.epoch = epoch
        hooks.on_epoch_begin(epoch)
        for batch in range(batches):
            hooks.on_train_batch_begin(batch)
            hooks.on_train_batch_end(batch, dict(logs))
        hooks.on_epoch_end(epoch, dict(logs))
        if model.stop_training:
            break
    if end:
        hooks.on_train_end(logs)
    return model, history, epoch + 1


def losses(*values):
    return [{"loss": value} for value in values]


class TestCallbackList:
    def test_the_hooks_are_those_of_keras(self):
        assert sorted(callbacks.callback.HOOKS) == sorted(HOOKS)

    @pytest.mark.parametrize("hook", HOOKS)
    def test_each_hook_reaches_the_callback_that_overrides_it_with_the_same_arguments(self, hook):
        heard = []
        listener = type("Listener", (Callback,), {hook: lambda self, *arguments: heard.append(arguments)})()
        logs = {"loss": 1.0}
        arguments = (logs,) if hook in RUN_HOOKS else (3, logs)
        getattr(CallbackList(listener), hook)(*arguments)
        assert heard == [arguments]
        assert heard[0][-1] is logs

    @pytest.mark.parametrize("hook", HOOKS)
    def test_a_hook_that_nobody_overrides_is_the_empty_one(self, hook):
        spared = {hook, hook.replace("on_train_batch", "on_batch")}
        others = {name: lambda self, *arguments: None for name in HOOKS if name not in spared}
        hooks = CallbackList([type("Others", (Callback,), others)()])
        assert getattr(hooks, hook).__func__ is getattr(Callback, hook)
        assert not hooks.needs_batch_logs(hook)

    @pytest.mark.parametrize("end", ["begin", "end"])
    def test_the_older_batch_names_hear_training_batches(self, end):
        heard = []
        listener = type("Old", (Callback,), {f"on_batch_{end}": lambda self, batch, logs: heard.append(batch)})()
        hooks = CallbackList([listener])
        getattr(hooks, f"on_train_batch_{end}")(7, {})
        assert heard == [7]
        assert hooks.needs_batch_logs(f"on_train_batch_{end}")

    def test_only_those_who_listen_are_called(self):
        class Loud(Callback):
            def on_train_batch_end(self, batch, logs=None):
                raise RuntimeError("heard")

        class Quiet(Callback):
            pass

        hooks = CallbackList([Quiet(), Loud()])
        hooks.on_train_batch_begin(0)
        with pytest.raises(RuntimeError, match="heard"):
            hooks.on_train_batch_end(0, {})

    def test_callbacks_are_called_in_order_on_one_dict(self):
        seen = []
        adds = LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(more=2.0))
        sees = LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(dict(logs)))
        CallbackList([adds, sees]).on_epoch_end(0, {"loss": 1.0})
        assert seen == [{"loss": 1.0, "more": 2.0}]

    def test_without_logs_a_hook_gets_an_empty_dict(self):
        seen = []
        CallbackList(LambdaCallback(on_train_begin=seen.append)).on_train_begin()
        assert seen == [{}]

    @pytest.mark.parametrize("name", ["epoch", "batch"])
    def test_arguments_may_be_given_by_name(self, name):
        seen = []
        hook = {"epoch": "on_epoch_end", "batch": "on_train_batch_end"}[name]
        hooks = CallbackList(LambdaCallback(**{hook: lambda number, logs: seen.append((number, logs))}))
        getattr(hooks, hook)(**{name: 4, "logs": {"loss": 1.0}})
        assert seen == [(4, {"loss": 1.0})]

    def test_a_list_inside_a_list_works(self):
        seen = []
        inner = CallbackList(LambdaCallback(on_batch_end=lambda batch, logs: seen.append(batch)))
        outer = CallbackList([inner])
        outer.on_train_batch_begin(0)
        outer.on_train_batch_end(1)
        assert seen == [1]
        assert not outer.needs_batch_logs("on_train_batch_begin")

    def test_model_and_params_are_handed_out_before_the_first_hook(self):
        model, callback = FakeModel(), Callback()
        CallbackList([callback], model, {"epochs": 3})
        assert callback.model is model
        assert callback.params == {"epochs": 3}

    def test_a_callback_may_forget_to_call_the_constructor_of_its_base(self):
        class Forgetful(Callback):
            def __init__(self):
                self.epochs = []

            def on_epoch_end(self, epoch, logs=None):
                self.epochs.append((epoch, self.params["epochs"]))

        forgetful = Forgetful()
        train(forgetful, losses(1.0))
        assert forgetful.epochs == [(0, 9)]

    def test_the_error_of_a_hook_is_not_swallowed(self):
        with pytest.raises(ZeroDivisionError):
            CallbackList(LambdaCallback(on_epoch_begin=lambda epoch, logs: 1 / 0)).on_epoch_begin(0)

    @pytest.mark.parametrize("given", [EarlyStopping, [EarlyStopping]])
    def test_a_class_in_place_of_an_object_is_an_error(self, given):
        with pytest.raises(TypeError, match=r"write EarlyStopping\(…\)"):
            CallbackList(given)

    @pytest.mark.parametrize(
        "given", [[print], print, "early", ["a", "b"], 5, [None], [[Callback()]], {"a": 1}, object()]
    )
    def test_a_stranger_is_an_error_before_any_callback_hears_of_the_model(self, given):
        first = Callback()
        for strangers in (given, [first, *given] if isinstance(given, list) else [first, given]):
            with pytest.raises(TypeError, match="subclass Callback"):
                CallbackList(strangers, FakeModel())
            assert first.model is None

    @pytest.mark.parametrize("given", [None, [], (), Callback(), [Callback()], (c for c in [Callback()])])
    def test_none_one_and_several_are_taken(self, given):
        assert len(CallbackList(given).callbacks) in (0, 1)

    def test_an_unknown_hook_is_an_error(self):
        with pytest.raises(ValueError, match="did you mean 'on_train_batch_end'"):
            CallbackList().needs_batch_logs("on_train_batch_ends")


class TestHistory:
    def test_records_every_epoch(self):
        _, history, _ = train([], [{"loss": 2.0, "val_loss": 3.0}, {"loss": 1.0, "val_loss": 2.5}])
        assert history.history == {"loss": [2.0, 1.0], "val_loss": [3.0, 2.5]}
        assert history.epoch == [0, 1]
        assert history.params == {"epochs": 9}

    def test_says_what_it_holds(self):
        assert repr(History()) == "<scratchnet.callbacks.History of 0 epochs>"
        _, history, _ = train([], [{"loss": 2.0, "accuracy": np.float32(0.25)}, {"loss": 1.0, "accuracy": 0.123456}])
        assert repr(history) == "<scratchnet.callbacks.History of 2 epochs: loss 1, accuracy 0.1235>"

    def test_is_a_table_in_a_notebook(self):
        _, history, _ = train([], [{"loss": 2.0}, {"loss": 1.0, "a <b>": 3}])
        html = history._repr_html_()
        assert "<th>epoch</th><th>loss</th><th>a &lt;b&gt;</th>" in html
        assert "<tr><td>1</td><td>2</td><td></td></tr><tr><td>2</td><td>1</td><td>3</td></tr>" in html
        _, history, _ = train([], losses(*map(float, range(1000))))
        html = history._repr_html_()
        assert html.count("<tr>") == 22
        assert "<td>…</td>" in html
        assert "<td>1000</td><td>999</td>" in html

    def test_can_be_pickled_once_it_has_left_its_model(self):
        history = History()
        history.on_epoch_end(0, {"loss": 1.0})
        assert pickle.loads(pickle.dumps(history)).history == {"loss": [1.0]}

    def test_is_the_history_of_the_model_from_the_start(self):
        model, history = FakeModel(), History()
        hooks = CallbackList([history], model)
        assert model.history is None
        hooks.on_train_begin()
        assert model.history is history

    def test_a_second_run_goes_on_as_in_keras(self):
        history = History()
        for _ in range(2):
            train(history, losses(2.0, 1.0))
        assert history.history == {"loss": [2.0, 1.0, 2.0, 1.0]}
        assert history.epoch == [0, 1]


class TestLambdaCallback:
    def test_none_is_no_hook(self):
        assert not CallbackList(LambdaCallback(on_train_batch_end=None)).needs_batch_logs("on_train_batch_end")

    def test_an_unknown_hook_is_an_error(self):
        with pytest.raises(ValueError, match="did you mean 'on_epoch_end'"):
            LambdaCallback(on_epoch_ends=print)

    def test_something_that_cannot_be_called_is_an_error(self):
        with pytest.raises(TypeError, match="a function for on_epoch_end, got 3"):
            LambdaCallback(on_epoch_end=3)


class TestEarlyStopping:
    @pytest.mark.parametrize(("patience", "epochs"), [(0, 4), (1, 4), (2, 5), (3, 6), (4, 9)])
    def test_stops_after_patience_epochs_without_a_better_one(self, patience, epochs):
        values = losses(10.0, 9.0, 8.0, 9.0, 8.9, 8.8, 7.0, 7.0, 7.0)
        assert train(EarlyStopping("loss", patience=patience), values)[2] == epochs

    def test_an_equal_value_is_not_better(self):
        assert train(EarlyStopping("loss"), losses(1.0, 1.0, 0.5))[2] == 2

    @pytest.mark.parametrize("min_delta", [0.25, -0.25])
    def test_a_change_has_to_exceed_min_delta(self, min_delta):
        assert train(EarlyStopping("loss", min_delta=min_delta), losses(2.0, 1.5, 1.25, 0.0))[2] == 3

    def test_min_delta_counts_upwards_too(self):
        values = [{"accuracy": a} for a in (0.0, 0.5, 0.75, 1.0)]
        assert train(EarlyStopping("accuracy", min_delta=0.25), values)[2] == 3

    def test_waits_for_start_from_epoch(self):
        assert train(EarlyStopping("loss", start_from_epoch=2), losses(1.0, 2.0, 3.0, 2.5, 4.0, 1.0))[2] == 5

    def test_a_baseline_that_is_not_beaten_stops_although_it_gets_better_in_between(self):
        values = losses(9.0, 8.0, 8.5, 7.0, 7.5, 7.5)
        assert train(EarlyStopping("loss", patience=2, baseline=5.0), values)[2] == 3

    def test_a_baseline_that_is_beaten_ends_the_waiting(self):
        values = losses(9.0, 4.0, 4.5, 4.5, 4.5)
        assert train(EarlyStopping("loss", patience=2, baseline=5.0), values)[2] == 4

    @pytest.mark.parametrize(
        ("monitor", "mode"),
        [
            *((name, "min") for name in ("loss", "val_loss", "errors", "val_errors")),
            *((name, "max") for name in ("accuracy", "val_accuracy", "acc", "val_acc", "top5", "val_top5", "val_own")),
        ],
    )
    def test_auto_asks_the_metric_which_is_better(self, monitor, mode):
        class Errors(metrics.Metric):
            default_name = "errors"
            better = "min"

        class Own(metrics.SparseCategoricalAccuracy):
            pass

        top5 = metrics.TopKCategoricalAccuracy(name="top5")
        model = FakeModel((top5, metrics.Accuracy(), metrics.Accuracy("acc"), Errors(), Own("own")))
        rising = [{monitor: v} for v in (0.1, 0.2, 0.3)]
        assert train(EarlyStopping(monitor), rising, model)[2] == {"min": 2, "max": 3}[mode]

    def test_every_metric_of_ours_knows(self):
        assert {metric.better for metric in metrics.METRIC_CLASSES} <= {"min", "max"}

    @pytest.mark.parametrize("better", [None, "up", 1])
    def test_auto_is_refused_where_the_metric_has_no_opinion(self, better):
        own = type("Own", (metrics.Metric,), {"better": better})("f1")
        rising = [{"val_f1": v} for v in (0.1, 0.2, 0.3)]
        with pytest.raises(ValueError, match=rf"'val_f1' .*Own has better={better!r}: pass mode='min' or mode='max'"):
            train(EarlyStopping("val_f1"), rising, FakeModel((own,)))
        assert train(EarlyStopping("val_f1", mode="max"), rising, FakeModel((own,)))[2] == 3

    def test_auto_is_refused_for_what_another_callback_adds(self):
        rates = [{"loss": 1.0, "learning_rate": rate} for rate in (0.1, 0.2, 0.3)]
        with pytest.raises(ValueError, match="pass mode='min' or mode='max'"):
            train(EarlyStopping("learning_rate"), rates)
        assert train(EarlyStopping("learning_rate", mode="min"), rates)[2] == 2

    def test_auto_asks_the_metrics_of_the_model_that_trains_now(self):
        stopping = EarlyStopping("figure")
        rising = [{"figure": v} for v in (0.1, 0.2, 0.3)]
        for better, epochs in (("max", 3), ("min", 2)):
            model = FakeModel((type("Own", (metrics.Metric,), {"better": better})("figure"),))
            assert train(stopping, rising, model)[2] == epochs

    def test_a_stated_mode_counts_more_than_the_name(self):
        assert train(EarlyStopping("loss", mode="max"), losses(1.0, 2.0, 3.0))[2] == 3

    def test_an_unknown_mode_is_an_error(self):
        with pytest.raises(ValueError, match="Unknown mode of EarlyStopping 'maximum'"):
            EarlyStopping(mode="maximum")

    @pytest.mark.parametrize(
        ("monitor", "mode", "advice"),
        [
            ("val_loss", "auto", "give fit validation_data or a validation_split"),
            ("val_loss", "max", "give fit validation_data or a validation_split"),
            ("val_los", "min", "such as 'val_loss'"),
            ("acurracy", "auto", "such as 'accuracy', or, for a figure that another callback adds, pass mode="),
            ("xyzzy", "max", "monitor one of the metrics there are, or place this callback after"),
        ],
    )
    @pytest.mark.parametrize("start_from_epoch", [0, 5])
    def test_a_metric_that_does_not_come_is_refused_in_the_first_epoch(self, monitor, mode, advice, start_from_epoch):
        stopping = EarlyStopping(monitor, mode=mode, start_from_epoch=start_from_epoch, restore_best_weights=True)
        model, ends = FakeModel(), []
        count = LambdaCallback(on_epoch_end=lambda epoch, logs: ends.append(epoch))
        with pytest.raises(ValueError, match=rf"'{monitor}', got accuracy, loss: .*{advice}"):
            train([count, stopping], [{"accuracy": 0.5, "loss": 1.0}] * 3, model)
        assert ends in ([], [0])

    def test_a_metric_that_came_and_is_missing_later_is_passed_over(self):
        stopping = EarlyStopping("f1", mode="max", patience=2)
        with pytest.warns(UserWarning, match="expected the metric 'f1' in logs, got loss: it passes over this time"):
            assert train(stopping, [{"f1": 0.5}, {"loss": 1.0}, {"f1": 0.6}])[2] == 3

    def test_a_metric_has_to_come_in_every_fit_anew(self):
        stopping = EarlyStopping("val_loss")
        train(stopping, [{"val_loss": 1.0}])
        with pytest.raises(ValueError, match="'val_loss', got loss"):
            train(stopping, losses(1.0))

    @pytest.mark.parametrize("value", ["high", None, [1.0, 2.0]])
    def test_a_value_that_is_no_number_is_an_error(self, value):
        with pytest.raises(ValueError, match="expected a number for the metric 'loss'"):
            train(EarlyStopping("loss"), [{"loss": value}])

    @pytest.mark.parametrize("patience", [1, 9])
    def test_the_best_weights_come_back_whether_it_stopped_or_not(self, patience):
        stopping = EarlyStopping("loss", patience=patience, restore_best_weights=True)
        model, _, _ = train(stopping, losses(3.0, 1.0, 2.0, 2.0))
        assert model.epoch == 1
        assert (stopping.best, stopping.best_epoch) == (1.0, 1)

    def test_without_restore_the_last_weights_stay(self):
        stopping = EarlyStopping("loss", patience=9)
        assert train(stopping, losses(3.0, 1.0, 2.0, 2.0))[0].epoch == 3
        assert stopping.best_epoch == 1

    def test_nan_is_never_the_best(self):
        stopping = EarlyStopping("loss", patience=2, restore_best_weights=True)
        model, _, _ = train(stopping, losses(float("nan"), 2.0, float("nan"), float("nan")))
        assert (model.epoch, stopping.best) == (1, 2.0)

    def test_if_every_value_is_nan_the_first_weights_come_back(self):
        stopping = EarlyStopping("loss", patience=2, restore_best_weights=True)
        assert train(stopping, losses(*[float("nan")] * 4))[0].epoch == 0

    def test_can_be_used_again(self):
        stopping = EarlyStopping("loss", patience=1, restore_best_weights=True)
        train(stopping, losses(0.5, 0.6))
        model, _, epochs = train(stopping, losses(3.0, 2.0, 1.0, 1.5))
        assert (epochs, model.epoch, stopping.stopped_epoch) == (4, 2, 3)

    def test_says_what_it_does_if_asked(self, capsys):
        train(EarlyStopping("loss", verbose=1, restore_best_weights=True), losses(1.0, 2.0))
        assert capsys.readouterr().out == (
            "Epoch 2: early stopping\nRestoring model weights from the end of the best epoch: 1.\n"
        )

    def test_is_silent_by_default(self, capsys):
        train(EarlyStopping("loss", restore_best_weights=True), losses(1.0, 2.0))
        assert capsys.readouterr().out == ""


class TestModelCheckpoint:
    def files(self, folder):
        return {path.name: path.read_text() for path in folder.iterdir()}

    def test_saves_every_epoch_under_its_number_and_metric(self, tmp_path):
        train(ModelCheckpoint(tmp_path / "{epoch:02d}-{loss:.2f}"), losses(1.0, 0.5))
        assert self.files(tmp_path) == {"01-1.00": "0", "02-0.50": "1"}

    def test_makes_missing_folders(self, tmp_path):
        train(ModelCheckpoint(tmp_path / "a" / "{epoch}" / "model"), losses(1.0))
        assert self.files(tmp_path / "a" / "1") == {"model": "0"}

    def test_saves_into_the_working_directory(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        train(ModelCheckpoint("model"), losses(1.0))
        assert self.files(tmp_path) == {"model": "0"}

    def test_save_best_only_keeps_the_best(self, tmp_path):
        train(ModelCheckpoint(tmp_path / "best", "loss", save_best_only=True), losses(3.0, 1.0, 2.0, 1.0))
        assert self.files(tmp_path) == {"best": "1"}

    def test_save_best_only_looks_upwards_for_accuracies(self, tmp_path):
        values = [{"val_accuracy": a} for a in (0.5, 0.9, 0.7)]
        train(ModelCheckpoint(tmp_path / "best", "val_accuracy", save_best_only=True), values)
        assert self.files(tmp_path) == {"best": "1"}

    def test_the_best_is_remembered_across_runs_as_in_keras(self, tmp_path):
        checkpoint = ModelCheckpoint(tmp_path / "best-{loss}", "loss", save_best_only=True)
        train(checkpoint, losses(1.0))
        train(checkpoint, losses(2.0))
        assert self.files(tmp_path) == {"best-1.0": "0"}

    def test_a_threshold_has_to_be_beaten_first(self, tmp_path):
        checkpoint = ModelCheckpoint(tmp_path / "{epoch}", "loss", save_best_only=True, initial_value_threshold=1.5)
        train(checkpoint, losses(2.0, 1.0))
        assert self.files(tmp_path) == {"2": "1"}

    @pytest.mark.parametrize("save_freq", ["epoch", 1, 100])
    def test_without_the_metric_it_refuses_to_save_the_best(self, tmp_path, save_freq):
        checkpoint = ModelCheckpoint(tmp_path / "model", save_best_only=True, save_freq=save_freq)
        with pytest.raises(ValueError, match="ModelCheckpoint expected a metric 'val_loss', got loss: give fit"):
            train(checkpoint, losses(1.0), batches=2)
        assert self.files(tmp_path) == {}

    @pytest.mark.parametrize("monitor", ["val_loss", "learning_rate", "f1"])
    def test_the_metric_does_not_matter_if_all_is_saved(self, tmp_path, monitor):
        train(ModelCheckpoint(tmp_path / "model", monitor), losses(1.0))
        assert self.files(tmp_path) == {"model": "0"}

    def test_counts_batches_across_epochs(self, tmp_path):
        train(ModelCheckpoint(tmp_path / "{epoch}-{batch}", save_freq=4), losses(1.0, 1.0, 1.0), batches=3)
        assert self.files(tmp_path) == {"2-1": "1", "3-2": "2"}

    def test_save_best_only_by_batches(self, tmp_path):
        checkpoint = ModelCheckpoint(tmp_path / "{epoch}", "loss", save_best_only=True, save_freq=1)
        train(checkpoint, losses(2.0, 3.0, 1.0), batches=2)
        assert self.files(tmp_path) == {"1": "0", "3": "2"}

    @pytest.mark.parametrize(("save_freq", "listens"), [("epoch", False), (100, True)])
    def test_hears_batches_only_if_it_saves_by_batches(self, save_freq, listens):
        hooks = CallbackList(ModelCheckpoint("model", save_freq=save_freq))
        assert hooks.needs_batch_logs("on_train_batch_end") is listens

    def test_a_subclass_that_wants_batches_hears_them(self):
        class Own(ModelCheckpoint):
            def on_train_batch_end(self, batch, logs=None):
                pass

        assert CallbackList(Own("model")).needs_batch_logs("on_train_batch_end")

    @pytest.mark.parametrize("pattern", ["{val_los:.2f}", "{}", "{loss:.2q}", "{loss"])
    def test_a_placeholder_that_nothing_fills_is_an_error(self, tmp_path, pattern):
        expected = f"placeholders for loss, epoch in filepath, got '{tmp_path}/{pattern}'"
        with pytest.raises(ValueError, match=re.escape(expected)):
            train(ModelCheckpoint(tmp_path / pattern), losses(1.0))

    @pytest.mark.parametrize("save_freq", ["batch", 0, -1, 2.0, True, None])
    def test_a_wrong_save_freq_is_an_error(self, save_freq):
        with pytest.raises(ValueError, match=re.escape(f"got {save_freq!r}")):
            ModelCheckpoint("model", save_freq=save_freq)

    def test_arguments_by_position_are_keras_s(self):
        checkpoint = ModelCheckpoint("model", "loss", 0, False, True, "max", 3, 0.5)
        assert checkpoint.save_weights_only
        assert (checkpoint.mode, checkpoint.save_freq, checkpoint.best) == ("max", 3, 0.5)

    def test_saves_only_the_weights_if_asked(self, tmp_path):
        model = Sequential([layers.Input((3,)), layers.Dense(2)])
        model.compile("sgd", "mean_squared_error")
        checkpoint = ModelCheckpoint(tmp_path / "w.safetensors", save_weights_only=True)
        model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0, callbacks=[checkpoint])
        twin = Sequential([layers.Input((3,)), layers.Dense(2)])
        twin.load_weights(tmp_path / "w.safetensors")
        for ours, theirs in zip(model.get_weights(), twin.get_weights(), strict=True):
            np.testing.assert_array_equal(ours, theirs)

    def test_says_what_it_does_if_asked(self, tmp_path, capsys):
        checkpoint = ModelCheckpoint(tmp_path / "m", "loss", verbose=1, save_best_only=True)
        train(checkpoint, losses(2.0, 1.0, 1.5))
        assert capsys.readouterr().out == (
            f"\nEpoch 1: loss improved from None to 2.00000, saving model to {tmp_path}/m\n"
            f"\nEpoch 2: loss improved from 2.00000 to 1.00000, saving model to {tmp_path}/m\n"
            f"\nEpoch 3: loss did not improve from 1.00000\n"
        )


class TestCSVLogger:
    def test_there_are_columns_for_a_validation_that_comes_later(self, tmp_path):
        model = Sequential([layers.Input((3,)), layers.Dense(1)])
        model.compile("sgd", "mse", ["mae"])
        x, y = np.ones((4, 3)), np.ones(4)
        logger = CSVLogger(tmp_path / "log.csv")
        fitted = {"epochs": 3, "callbacks": [logger], "verbose": 0}
        history = model.fit(x, y, validation_data=(x, y), validation_freq=2, **fitted).history
        with open(tmp_path / "log.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        for name in ("val_loss", "val_mae"):
            assert [row[name] for row in rows] == ["NA", str(history[name][0]), "NA"]
        model.fit(x, y, **fitted)
        assert (tmp_path / "log.csv").read_text().startswith("epoch,loss,mae")

    def test_writes_the_epoch_and_sorted_columns(self, tmp_path):
        train(CSVLogger(tmp_path / "log.csv"), [{"loss": 2.0, "accuracy": 0.25}, {"loss": 1.0, "accuracy": 0.5}])
        text = (tmp_path / "log.csv").read_bytes()
        assert text == b"epoch,accuracy,loss\r\n0,0.25,2.0\r\n1,0.5,1.0\r\n"

    def test_every_row_is_on_disk_before_the_run_ends(self, tmp_path):
        train(CSVLogger(tmp_path / "log.csv"), losses(2.0, 1.0), end=False)
        assert (tmp_path / "log.csv").read_text().splitlines() == ["epoch,loss", "0,2.0", "1,1.0"]

    def test_no_file_stays_open_between_epochs(self, tmp_path):
        logger = CSVLogger(tmp_path / "log.csv")
        train(logger, losses(1.0), end=False)
        assert not any(hasattr(value, "fileno") for value in vars(logger).values())

    def test_begins_anew_for_each_run(self, tmp_path):
        logger = CSVLogger(tmp_path / "log.csv")
        train(logger, losses(2.0, 1.0))
        train(logger, [{"accuracy": 0.5}])
        assert (tmp_path / "log.csv").read_text().splitlines() == ["epoch,accuracy", "0,0.5"]

    @pytest.mark.parametrize("before", [None, ""])
    def test_append_begins_a_file_that_is_missing_or_empty(self, tmp_path, before):
        if before is not None:
            (tmp_path / "log.csv").write_text(before)
        train(CSVLogger(tmp_path / "log.csv", append=True), losses(1.0))
        assert (tmp_path / "log.csv").read_text().splitlines() == ["epoch,loss", "0,1.0"]

    def test_append_goes_on_in_the_columns_of_the_file(self, tmp_path):
        train(CSVLogger(tmp_path / "log.csv"), [{"loss": 2.0, "val_loss": 3.0}])
        with pytest.warns(UserWarning, match="got also accuracy in epoch 0"):
            train(CSVLogger(tmp_path / "log.csv", append=True), [{"accuracy": 0.5, "loss": 1.0}])
        assert (tmp_path / "log.csv").read_text().splitlines() == ["epoch,loss,val_loss", "0,2.0,3.0", "0,1.0,NA"]

    def test_append_leaves_a_strange_file_alone(self, tmp_path):
        (tmp_path / "log.csv").write_text("name;size\n")
        with pytest.raises(ValueError, match=r"a first column 'epoch' in .*log\.csv', got 'name;size'"):
            train(CSVLogger(tmp_path / "log.csv", append=True), losses(1.0))
        assert (tmp_path / "log.csv").read_text() == "name;size\n"

    def test_separator(self, tmp_path):
        train(CSVLogger(tmp_path / "log.csv", separator=";"), losses(1.0))
        assert (tmp_path / "log.csv").read_text().splitlines() == ["epoch;loss", "0;1.0"]

    @pytest.mark.parametrize("separator", ["", "::", None])
    def test_a_wrong_separator_is_an_error(self, separator):
        with pytest.raises(ValueError, match=re.escape(f"one character, got {separator!r}")):
            CSVLogger("log.csv", separator=separator)

    def test_a_missing_folder_is_an_error_before_the_first_epoch(self, tmp_path):
        hooks = CallbackList(CSVLogger(tmp_path / "none" / "log.csv"), FakeModel())
        with pytest.raises(FileNotFoundError, match=r"the folder '.*none' for .*make it first"):
            hooks.on_train_begin()

    def test_a_change_of_the_working_directory_does_not_lose_the_file(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "elsewhere").mkdir()
        moves = LambdaCallback(on_epoch_begin=lambda epoch, logs: os.chdir(tmp_path / "elsewhere"))
        train([moves, CSVLogger("log.csv")], losses(1.0))
        assert (tmp_path / "log.csv").read_text().splitlines() == ["epoch,loss", "0,1.0"]


class TestLearningRateScheduler:
    def test_sets_the_rate_from_the_last_one_and_history_records_it(self):
        model, history, _ = train(LearningRateScheduler(lambda epoch, lr: lr / 2), losses(1.0, 1.0, 1.0))
        assert history.history["learning_rate"] == [0.05, 0.025, 0.0125]
        assert model.optimizer.learning_rate == 0.0125

    def test_takes_a_function_of_the_epoch_alone(self):
        _, history, _ = train(LearningRateScheduler(lambda epoch: 1.0 / (epoch + 1)), losses(1.0, 1.0))
        assert history.history["learning_rate"] == [1.0, 0.5]

    def test_another_function_holds_from_the_next_epoch(self):
        scheduler = LearningRateScheduler(lambda epoch, lr: lr / 2)
        scheduler.schedule = lambda epoch: 1.0 / (epoch + 1)
        assert train(scheduler, losses(1.0, 1.0))[1].history["learning_rate"] == [1.0, 0.5]

    def test_takes_a_function_without_a_signature(self):
        _, history, _ = train(LearningRateScheduler(max), losses(1.0, 1.0))
        assert history.history["learning_rate"] == [0.1, 1.0]

    @pytest.mark.parametrize("rate", [1, np.float32(0.5), np.float64(0.5), np.int64(2)])
    def test_any_real_number_becomes_a_float(self, rate):
        model, _, _ = train(LearningRateScheduler(lambda epoch, lr: rate), losses(1.0))
        assert type(model.optimizer.learning_rate) is float
        assert model.optimizer.learning_rate == float(rate)

    @pytest.mark.parametrize("rate", [None, "0.1", True, float("nan"), float("inf"), [0.1], 1j])
    def test_anything_but_a_finite_number_is_an_error(self, rate):
        with pytest.raises(ValueError, match=re.escape(f"from schedule in epoch 0, got {rate!r}")):
            train(LearningRateScheduler(lambda epoch, lr: rate), losses(1.0))

    def test_a_type_error_inside_the_schedule_is_not_taken_for_a_wrong_signature(self):
        calls = []

        def broken(epoch, lr=0.0):
            calls.append(epoch)
            return "a" + 1  # type: ignore[operator]

        with pytest.raises(TypeError, match="concatenate"):
            train(LearningRateScheduler(broken), losses(1.0))
        assert calls == [0]

    @pytest.mark.parametrize("schedule", [0.1, lambda: 0.1, lambda a, b, c: 0.1])
    def test_a_schedule_that_cannot_be_called_is_an_error_at_once(self, schedule):
        with pytest.raises(TypeError, match=r"schedule\(epoch, learning_rate\) or schedule\(epoch\)"):
            LearningRateScheduler(schedule)

    def test_an_optimizer_with_a_schedule_of_its_own_is_refused(self):
        schedule = schedules.ExponentialDecay(0.1, 10, 0.5)
        for rule in (optimizers.SGD(schedule), optimizers.Adam(schedule)):
            model = FakeModel()
            model.optimizer = rule
            with pytest.raises(ValueError, match="whose learning rate is a number, got one that follows a schedule"):
                train(LearningRateScheduler(lambda epoch: 0.5), losses(1.0), model)
            assert rule.has_schedule
            assert model.history is None

    def test_says_what_it_does_if_asked(self, capsys):
        train(LearningRateScheduler(lambda epoch: 0.5, verbose=1), losses(1.0))
        assert capsys.readouterr().out == "\nEpoch 1: LearningRateScheduler setting learning rate to 0.5.\n"


class TestReduceLROnPlateau:
    @pytest.mark.parametrize("mode", ["min", "max"])
    @pytest.mark.parametrize("patience", [0, 1, 3])
    @pytest.mark.parametrize("rest", [{}, {"cooldown": 2, "min_delta": 0.25}, {"min_lr": 0.03, "factor": 0.0}])
    def test_the_rates_are_those_of_a_plain_loop(self, mode, patience, rest):
        settings = {"monitor": "loss", "mode": mode, "patience": patience, **rest}
        assert check_plateau(ReduceLROnPlateau(**settings), settings) == ""

    def test_keras_defaults_and_order(self):
        callback = ReduceLROnPlateau("loss", 0.5, 3, 1, "max", 0.25, 2, 0.01)
        assert (callback.factor, callback.patience, callback.verbose) == (0.5, 3, 1)
        assert (callback.mode, callback.min_delta, callback.cooldown, callback.min_lr) == ("max", 0.25, 2, 0.01)
        callback = ReduceLROnPlateau()
        assert (callback.monitor, callback.factor, callback.patience, callback.mode) == ("val_loss", 0.1, 10, "auto")
        assert (callback.min_delta, callback.cooldown, callback.min_lr) == (1e-4, 0, 0.0)

    def test_nan_is_never_better(self):
        callback = ReduceLROnPlateau("loss", patience=2)
        model = train(callback, losses(float("nan"), float("nan"), 1.0, 2.0))[0]
        assert callback.best == 1.0
        assert model.optimizer.learning_rate == pytest.approx(0.01)

    def test_says_what_it_does_if_asked(self, capsys):
        train(ReduceLROnPlateau("loss", patience=1, verbose=1, factor=0.5), losses(1.0, 1.0))
        assert capsys.readouterr().out == "\nEpoch 2: ReduceLROnPlateau reducing learning rate to 0.05.\n"

    def test_the_rate_comes_into_the_history(self):
        history = train(ReduceLROnPlateau("loss", patience=1, factor=0.5), losses(1.0, 1.0, 1.0))[1]
        assert history.history["learning_rate"] == [0.1, 0.1, 0.05]

    def test_an_optimizer_with_a_schedule_of_its_own_is_refused(self):
        model = FakeModel()
        model.optimizer = optimizers.SGD(schedules.ExponentialDecay(0.1, 10, 0.5))
        with pytest.raises(ValueError, match="ReduceLROnPlateau expected an optimizer whose learning rate is a number"):
            train(ReduceLROnPlateau("loss"), losses(1.0), model)

    def test_a_metric_that_does_not_come_is_refused(self):
        with pytest.raises(ValueError, match="expected a metric 'val_loss'"):
            train(ReduceLROnPlateau(), losses(1.0))


class TestTerminateOnNaN:
    X = np.random.default_rng(0).normal(size=(20, 3)).astype("float32")

    def model(self, rate=1e20):
        model = Sequential([layers.Input((3,)), layers.Dense(4), layers.Dense(1)])
        model.compile(optimizers.SGD(rate), "mean_squared_error", ["mean_absolute_error"])
        return model

    def fit(self, model, *given, **options):
        options = {"epochs": 3, "batch_size": 5, "verbose": 0, "shuffle": False, **options}
        return model.fit(self.X, self.X[:, :1], callbacks=list(given), **options)

    def test_training_ends_where_it_would_raise_and_keeps_what_it_has(self, capsys):
        model, twin = self.model(), self.model()
        twin.set_weights(model.get_weights())
        with pytest.raises(NonFiniteError, match=r"at step [23]"):
            self.fit(twin)
        seen = []
        watch = LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(logs["loss"]))
        history = self.fit(model, TerminateOnNaN(), watch)
        assert model.stop_training
        assert history.epoch == [0]
        assert np.isnan(history.history["loss"]).all()
        assert np.isnan(seen[-1])
        assert np.isfinite(seen[:-1]).all()
        assert capsys.readouterr().out == f"Batch {len(seen) - 1}: Invalid loss, terminating training\n"
        for ours, theirs in zip(model.get_weights(), twin.get_weights(), strict=True):
            np.testing.assert_array_equal(ours, theirs)

    def test_without_nan_it_changes_nothing(self):
        model, twin = self.model(0.01), self.model(0.01)
        twin.set_weights(model.get_weights())
        assert self.fit(model, TerminateOnNaN()).history == self.fit(twin).history

    def test_may_raise_keras_s_error_instead(self):
        heard = []
        with pytest.raises(RuntimeError, match=r"NaN or Inf loss encountered at batch \d") as caught:
            self.fit(self.model(), TerminateOnNaN(raise_error=True), LambdaCallback(on_train_end=heard.append))
        assert isinstance(caught.value.__cause__, NonFiniteError)
        assert len(heard) == 1

    def test_a_list_around_it_works_too(self):
        assert self.fit(self.model(), CallbackList([TerminateOnNaN()])).epoch == [0]


NO_COUNTS = [-1, 1.0, 1.5, True, np.True_, "1", None, float("nan"), [1]]
NO_NUMBERS = ["1", True, np.True_, float("nan"), [1], 1j]
NO_SWITCHES = ["no", 2, 0.0, None, float("nan")]
NO_VERBOSITY = ["auto", "1", None, 3, -1, 0.5, float("nan")]
NO_NAMES = ["", None, 3, ["loss"], True]
BAD_ARGUMENTS = [
    (make, name, value)
    for make, table in (
        (
            EarlyStopping,
            {
                "monitor": NO_NAMES,
                "min_delta": [*NO_NUMBERS, None],
                "patience": NO_COUNTS,
                "verbose": NO_VERBOSITY,
                "mode": ["maximum", None, True, ["max"], np.array(["max", "min"])],
                "baseline": NO_NUMBERS,
                "restore_best_weights": NO_SWITCHES,
                "start_from_epoch": NO_COUNTS,
            },
        ),
        (
            lambda **given: ModelCheckpoint(**{"filepath": "model", **given}),
            {
                "filepath": ["", None, 3, b"model", ["model"]],
                "monitor": NO_NAMES,
                "verbose": NO_VERBOSITY,
                "save_best_only": NO_SWITCHES,
                "save_weights_only": NO_SWITCHES,
                "mode": ["maximum", None],
                "save_freq": [*NO_COUNTS, 0, "batch", np.array([1, 2])],
                "initial_value_threshold": NO_NUMBERS,
            },
        ),
        (
            ReduceLROnPlateau,
            {
                "monitor": NO_NAMES,
                "factor": [*NO_NUMBERS, None, 1.0, -0.1],
                "patience": NO_COUNTS,
                "verbose": NO_VERBOSITY,
                "mode": ["maximum", None],
                "min_delta": [*NO_NUMBERS, None],
                "cooldown": NO_COUNTS,
                "min_lr": [*NO_NUMBERS, None, -1],
            },
        ),
        (TerminateOnNaN, {"raise_error": NO_SWITCHES}),
        (
            lambda **given: CSVLogger(**{"filename": "log.csv", **given}),
            {
                "filename": ["", None, 3, b"log.csv"],
                "separator": ["", "::", None, 3, "\n", '"'],
                "append": NO_SWITCHES,
            },
        ),
        (
            lambda **given: LearningRateScheduler(**{"schedule": lambda epoch: 0.1, **given}),
            {"schedule": [0.1, None, "exponential", lambda: 0.1], "verbose": NO_VERBOSITY},
        ),
        (LambdaCallback, {"on_epoch_end": [3, "print", [print]], "on_epoch_ends": [print]}),
    )
    for name, values in table.items()
    for value in values
]


class TestArguments:
    @pytest.mark.parametrize(("make", "name", "value"), BAD_ARGUMENTS)
    def test_a_bad_argument_is_refused_in_one_sentence_that_names_it(self, make, name, value):
        with pytest.raises((ValueError, TypeError)) as caught:
            make(**{name: value})
        sentence = str(caught.value)
        assert name in sentence
        assert sentence.endswith(".")
        assert any(owner in sentence for owner in callbacks.__all__) or "hook" in sentence

    @pytest.mark.parametrize("kind", [np.int8, np.int64, np.uint16])
    def test_whole_numbers_of_numpy_are_whole_numbers(self, kind, tmp_path):
        stopping = EarlyStopping("loss", patience=kind(2), start_from_epoch=kind(0), verbose=kind(0))
        assert train(stopping, losses(1.0, 2.0, 2.0, 2.0))[2] == 3
        train(ModelCheckpoint(tmp_path / "{epoch}-{batch}", save_freq=kind(2)), losses(1.0), batches=2)
        assert [path.name for path in tmp_path.iterdir()] == ["1-2"]

    @pytest.mark.parametrize("number", [np.float32(0.25), np.int64(0), 0, -0.25, float("inf")])
    def test_numbers_of_numpy_and_infinity_are_numbers(self, number):
        assert EarlyStopping(min_delta=number, baseline=number).baseline == number
        assert ModelCheckpoint("m", initial_value_threshold=number).best == number

    @pytest.mark.parametrize("on", [True, 1, np.True_, np.int64(1)])
    def test_switches_may_be_0_and_1(self, on):
        assert EarlyStopping(restore_best_weights=on).restore_best_weights is True


class TestFit:
    """With a model of ours and the real training loop."""

    X = np.random.default_rng(0).normal(size=(20, 3)).astype("float32")  # (N, D)
    Y = (X.sum(axis=1) > 0).astype("int64")  # (N,)

    @pytest.fixture
    def model(self):
        model = Sequential([layers.Input((3,)), layers.Dense(2, activation="softmax")])
        model.compile(optimizers.SGD(0.1), "sparse_categorical_crossentropy", ["accuracy"])
        return model

    def fit(self, model, *given, **options):
        options = {"epochs": 3, "batch_size": 8, "verbose": 0, **options}
        return model.fit(self.X, self.Y, callbacks=list(given), **options)

    def test_the_hooks_come_in_keras_order(self, model):
        heard = []
        record = {h: lambda *arguments, h=h: heard.append(h.removeprefix("on_")) for h in HOOKS if "on_batch" not in h}
        self.fit(model, LambdaCallback(**record), epochs=1, validation_data=(self.X[:8], self.Y[:8]))
        steps = ["train_batch_begin", "train_batch_end"] * 3
        validation = ["test_begin", "test_batch_begin", "test_batch_end", "test_end"]
        assert heard == ["train_begin", "epoch_begin", *steps, *validation, "epoch_end", "train_end"]

    def test_a_callback_that_watches_changes_nothing(self, model):
        start = model.get_weights()
        self.fit(model, shuffle=False)
        alone = model.get_weights()
        model.set_weights(start)
        watch = dict.fromkeys(("on_train_batch_end", "on_epoch_end"), lambda *arguments: None)
        self.fit(model, LambdaCallback(**watch), shuffle=False)
        for ours, theirs in zip(model.get_weights(), alone, strict=True):
            np.testing.assert_array_equal(ours, theirs)

    def test_batch_logs_end_at_the_figures_of_the_epoch(self, model):
        seen = []
        history = self.fit(model, LambdaCallback(on_batch_end=lambda batch, logs: seen.append(logs)), epochs=1)
        assert {name: [value] for name, value in seen[-1].items()} == history.history

    def test_early_stopping_restores_the_weights_of_the_best_epoch(self, model):
        weights = []
        keep = LambdaCallback(on_epoch_end=lambda epoch, logs: weights.append(model.get_weights()))
        stopping = EarlyStopping("loss", mode="max", restore_best_weights=True, patience=1)
        history = self.fit(model, keep, stopping, epochs=9)
        assert len(history.history["loss"]) == stopping.stopped_epoch + 1 < 9
        for ours, best in zip(model.get_weights(), weights[stopping.best_epoch], strict=True):
            np.testing.assert_array_equal(ours, best)

    def test_the_scheduled_rate_is_the_one_that_trains(self, model):
        start = model.get_weights()
        history = self.fit(model, LearningRateScheduler(lambda epoch: 0.0))
        assert history.history["learning_rate"] == [0.0, 0.0, 0.0]
        for ours, before in zip(model.get_weights(), start, strict=True):
            np.testing.assert_array_equal(ours, before)

    def test_the_csv_file_holds_the_history(self, model, tmp_path):
        history = self.fit(model, CSVLogger(tmp_path / "log.csv")).history
        rows = [line.split(",") for line in (tmp_path / "log.csv").read_text().splitlines()]
        assert rows[0] == ["epoch", "accuracy", "loss"]
        assert [[float(v) for v in row] for row in rows[1:]] == [
            [epoch, history["accuracy"][epoch], history["loss"][epoch]] for epoch in range(3)
        ]

    def test_stopping_within_an_epoch_still_records_it(self, model):
        stop = LambdaCallback(on_train_batch_end=lambda batch, logs: setattr(model, "stop_training", True))
        assert self.fit(model, stop).epoch == [0]

    def test_train_end_is_heard_after_an_error(self, model):
        heard = []
        broken = LambdaCallback(on_epoch_begin=lambda epoch, logs: 1 / 0, on_train_end=heard.append)
        with pytest.raises(ZeroDivisionError):
            self.fit(model, broken)
        assert heard == [{}]

    def test_a_callback_may_evaluate_and_predict(self, model):
        def compare(epoch, logs):
            seen.append((model.evaluate(self.X, self.Y, verbose=0)[0], model.predict(self.X, verbose=0).shape))

        seen = []
        history = self.fit(model, LambdaCallback(on_epoch_end=compare), validation_data=(self.X, self.Y))
        assert [loss for loss, _ in seen] == history.history["val_loss"]
        assert {shape for _, shape in seen} == {(20, 2)}

    @pytest.mark.parametrize(
        ("make", "expected"),
        [
            (lambda: EarlyStopping("val_los"), "val_los"),
            (lambda: EarlyStopping("learning_rate"), "learning_rate"),
            (lambda: ModelCheckpoint("best", "acc", save_best_only=True), "accuracy"),
            (lambda: CSVLogger("no/such/folder/log.csv"), "make it first"),
        ],
    )
    def test_a_refused_fit_has_changed_nothing(self, model, tmp_path, make, expected):
        self.fit(model, CSVLogger(tmp_path / "log.csv"))
        history, weights, text = model.history, model.get_weights(), (tmp_path / "log.csv").read_text()
        heard = []
        record = {h: lambda *arguments, h=h: heard.append(h) for h in HOOKS}
        with pytest.raises((ValueError, FileNotFoundError), match=expected):
            self.fit(model, LambdaCallback(**record), CSVLogger(tmp_path / "log.csv"), make())
        assert heard == []
        assert model.history is history
        assert (tmp_path / "log.csv").read_text() == text
        for now, before in zip(model.get_weights(), weights, strict=True):
            np.testing.assert_array_equal(now, before)

    def test_a_scheduler_is_refused_where_the_optimizer_has_a_schedule(self, model):
        model.compile(optimizers.SGD(schedules.ExponentialDecay(0.1, 10, 0.5)), "sparse_categorical_crossentropy")
        weights, rate = model.get_weights(), float(model.optimizer.learning_rate)
        with pytest.raises(ValueError, match="follows a schedule of its own"):
            self.fit(model, LearningRateScheduler(lambda epoch: 0.5))
        assert model.optimizer.has_schedule
        assert float(model.optimizer.learning_rate) == rate
        for now, before in zip(model.get_weights(), weights, strict=True):
            np.testing.assert_array_equal(now, before)

    @pytest.mark.parametrize("run", ["evaluate", "predict"])
    def test_only_fit_asks_for_the_metric(self, model, run):
        arguments = (self.X, self.Y) if run == "evaluate" else (self.X,)
        getattr(model, run)(*arguments, verbose=0, callbacks=[EarlyStopping("val_los"), History()])
        assert getattr(model, "history", None) is None

    def test_a_metric_of_the_users_that_is_better_when_less(self, model):
        class Wrong(metrics.Accuracy):
            default_name = "wrong"
            better = "min"

            def values(self, y_true, y_pred):
                return 1 - super().values(y_true, y_pred)

        model.compile(optimizers.SGD(0.0), "sparse_categorical_crossentropy", [Wrong()])
        stopping = EarlyStopping("val_wrong", patience=9)
        self.fit(model, stopping, validation_data=(self.X, self.Y))
        assert stopping._direction() == "min"
        assert stopping.best == model.evaluate(self.X, self.Y, verbose=0)[1]

    def test_epochs_may_be_a_whole_number_of_numpy(self, model):
        assert self.fit(model, epochs=np.int64(2), batch_size=np.int32(8)).epoch == [0, 1]
