"""fit, evaluate, predict and train_on_batch as plain functions: from a user's arguments to one call of the loop."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from pellucid.engines.protocol import Objective
from pellucid.errors import ArgumentError, TrainingError, UsageError, describe, shown
from pellucid.graph.rebuild import homes
from pellucid.keys import Key
from pellucid.model import weights
from pellucid.model.compiled import Compiled
from pellucid.model.freezing import factors_by_key
from pellucid.model.network import Network
from pellucid.training import loop
from pellucid.training.arguments import flag, real, whole, whole_or_none
from pellucid.training.callback import Callback
from pellucid.training.callbacks import CallsAround, LearningRateScheduler, Recorder, introduce
from pellucid.training.console import console_event, loudness
from pellucid.training.events import Event, Position, Progress
from pellucid.training.feeding import Feed, batches_of, feeds_batches, input_parts, rows_of
from pellucid.training.inputs import split_off
from pellucid.training.interrupts import Interrupts
from pellucid.training.preflight import refuse_lonely_batches, refuse_nothing_trained, try_one_sample
from pellucid.training.program import State, Supervised
from pellucid.training.session import callbacks_of, events_of, predict_each
from pellucid.training.stopping import ReduceLROnPlateau

BATCH = 32  # Keras's default batch size


class Keeper(Event):
    """Tells the model where its weights are while fit runs, and hangs them on the layers after each epoch."""

    def __init__(self, model: Network) -> None:
        self.model = model
        self.progress: Progress | None = None

    def begin(self, progress: Progress) -> None:
        self.progress = self.model._live = progress

    def epoch(self, progress: Progress, row: dict[str, Any]) -> None:
        weights.hang(self.model.built, progress)

    def release(self) -> None:
        """After the run, however it ended: the weights of the last whole step stay."""
        self.model._live = None
        if self.progress is not None:
            weights.hang(self.model.built, self.progress)
            compiled_of(self.model).state = self.progress.state


def compiled_of(model: Network) -> Compiled:
    """What compile settled; raises UsageError before it was called."""
    if model._compiled is None:
        raise UsageError(f"{model.name} is not compiled. Call model.compile(optimizer, loss, metrics) first.")
    return model._compiled


def program_of(model: Network) -> Supervised:
    """The program of this call, on the graph as its flags are now."""
    compiled = compiled_of(model)
    objective = compiled.objective_of(model.built.graph)
    if not compiled.judged and len(objective.terms) > 1:
        objective = Objective(())  # what of the targets goes with which output, the user's step alone knows
    told: dict[str, Any] = {
        "initial": lambda engine, key: weights.native(model.built, engine),
        "rates": factors_by_key(model.built, compiled.rate_factors, model.name),
        "ratio_every": 0,  # for nobody reads them
    }
    step = own_step_of(model)
    if step is not None:
        own: Supervised = step(model.graph, objective, compiled.optimizer, **told, model=model)
        return own
    return Supervised(model.graph, objective, compiled.optimizer, **told)


def refuse_two_places(model: Network) -> None:
    """Raise UsageError for trained weights that lie in a sub-model and outside it: each place would learn alone."""
    graph, found = model.graph, dict[tuple[int, str], str]()
    for key, (layer, short) in homes(model.built.graph, model.built.layers).items():
        first = found.setdefault((id(layer), short), key)
        if first != key and graph.weights[key].trainable:
            one, other = (name.rpartition("/")[0] for name in (first, key))
            remedy = "Call the sub-model there too, build the network of the layers alone, or freeze the layer."
            raise UsageError(f"{model.name}: '{one}' and '{other}' are one layer, whose weights would be learnt twice, "
                             f"each place without the other. {remedy}")  # fmt: skip


def own_step_of(model: Any) -> type[Any] | None:
    """The program of steps that a user wrote; raises ArgumentError for one of another framework."""
    own = [step for step in map(partial(written, model), ("train_step", "test_step", "compute_loss")) if step]
    if not own:
        return None
    from pellucid.model.stepping import OwnStep, refuse_others  # few programs write one

    for step in own:
        refuse_others(step)
    return OwnStep


def fresh_metrics(model: Any) -> list[Callback]:
    """What lets the metrics that a step of the user's own keeps begin anew each epoch and evaluation, as in Keras."""
    if not (written(model, "train_step") or written(model, "test_step") or written(model, "compute_loss")):
        return []
    from pellucid.model.stepping import FreshMetrics

    return [FreshMetrics(model)]


def written(model: Any, name: str) -> Any:
    """A method of the model that a user wrote, None where it is ours."""
    found = getattr(type(model), name, None)
    return None if found is None or found.__module__.startswith("pellucid.") else getattr(model, name)


def start_of(model: Network, program: Supervised) -> State:
    """Weights as they are, slots and clock as the last call left them."""
    compiled = compiled_of(model)
    state = program.start(compiled.engine, model.key)
    kept = compiled.state
    if kept is not None and set(kept["slots"]) == set(state["slots"]):
        state["slots"], state["clock"] = kept["slots"], kept["clock"]
    return state


def feed_of(model: Network, objective: Objective | None, where: str) -> Feed:
    """Names of what goes in and what must come with it."""
    from pellucid.model.admitting import Admission  # a model is made before it is given anything

    terms = objective.terms if objective else ()
    feed = Feed.of(model.built.graph, terms, where, model._keys, Admission(model, where))
    loose = objective is not None and not compiled_of(model).judged
    return replace(feed, outputs=replace(feed.outputs, loose=True)) if loose else feed


def fit(
    model: Network,
    data: Mapping[str, Any],
    *,
    batch_size: int | None,
    epochs: int,
    verbose: int | str,
    callbacks: Sequence[Any] | None,
    validation: Mapping[str, Any],
    initial_epoch: int,
) -> Recorder:
    """Train; `data` are the arguments of `batches_of`, `validation` says what to watch and how."""
    size = BATCH if batch_size is None else whole("fit", "batch_size", batch_size, 1)
    for argument, value in (("epochs", epochs), ("initial_epoch", initial_epoch)):
        whole("fit", argument, value, 0)
    loudness("fit", verbose)
    listed = [*callbacks_of("fit", callbacks), *fresh_metrics(model)]
    data = {**data, "steps": whole_or_none("fit", "steps_per_epoch", data["steps"]),
            "shuffle": flag("fit", "shuffle", data["shuffle"])}  # fmt: skip
    held_out = validation["data"]
    if share_of(validation["split"]):
        if held_out is not None:
            raise ArgumentError("fit: pass validation_split or validation_data, not both.")
        if feeds_batches(data["x"]):
            wanted = "left out when x yields batches"
            remedy = "Pass validation_data=..., batches of their own."
            raise ArgumentError(describe("fit", "validation_split", wanted, validation["split"], remedy))
        first, held_out = split_off(validation["split"], {k: data[k] for k in ("x", "y", "sample_weight", "masks")})
        data = {**data, **first}
    model._build_for(data["x"])
    program, compiled = program_of(model), compiled_of(model)
    if not compiled.judged and data["y"] is None and not feeds_batches(data["x"]):
        program = replace(program, objective=Objective(()))  # a step that needs no targets
    refuse_nothing_trained(program.graph)
    refuse_two_places(model)
    key = model.key.fold("fit", compiled.fits)
    feed = feed_of(model, program.objective, "fit")
    batches = batches_of(feed=feed, batch_size=size, key=key, steps_argument="steps_per_epoch", **data)
    samples, wide = getattr(batches, "samples", None), getattr(batches, "batch_size", None)
    if samples is not None and wide is not None:
        refuse_lonely_batches(program.graph, samples, wide)
    state = start_of(model, program)
    watched = validation_of(held_out, validation, feed, size, key, listed)
    if watched is not None:
        try_one_sample(program, compiled.engine, state, watched.batches)
    changing = any(isinstance(callback, (LearningRateScheduler, ReduceLROnPlateau)) for callback in listed)
    recorder, keeper = Recorder(rates=changing), Keeper(model)
    console = console_event(verbose)
    events = [keeper, *events_of(listed, model, verbose), recorder, *([console] if console else []), Interrupts()]
    model.stop_training, model.history, recorder.record.model = False, recorder.record, model
    compiled.fits += 1
    try:
        loop.train(
            program, compiled.engine, batches, events, state=state, epochs=epochs, key=model.key.fold("noise"),
            position=Position(epoch=initial_epoch, step=int(state["clock"]["step"])), validation=watched,
        )  # fmt: skip
    except TrainingError as fault:
        from pellucid.training.backup import TerminateOnNaN  # brings what writes checkpoints

        if not any(isinstance(callback, TerminateOnNaN) and not callback.raise_error for callback in listed):
            raise
        model.stop_training, recorder.record.stopped = True, str(fault)
    finally:
        keeper.release()
    return recorder


def share_of(split: Any) -> bool:
    """Whether a part is to be split off; raises ArgumentError for what is no number."""
    return split is not None and real("fit", "validation_split", split) != 0


def validation_of(
    held_out: Any, asked: Mapping[str, Any], feed: Feed, size: int, key: Key, callbacks: Sequence[Any]
) -> loop.Validation | None:
    """What a fit is watched on and when, from the arguments that begin with validation_."""
    due = due_epochs(asked["freq"])
    steps = whole_or_none("fit", "validation_steps", asked["steps"])
    many = whole_or_none("fit", "validation_batch_size", asked["batch_size"]) or size
    if held_out is None:
        return None
    batches = batches_of(feed=feed, batch_size=many, key=key, steps=steps, steps_argument="validation_steps",
                         **parts_of(held_out))  # fmt: skip
    return loop.Validation(batches, due, CallsAround("test", callbacks))


def due_epochs(freq: Any) -> Callable[[int], bool]:
    """In which epochs, counted from 1, validation has its turn: every `freq`, or those that it lists."""
    if isinstance(freq, (list, tuple, set, range)):
        listed = {whole("fit", "validation_freq", epoch, 1) for epoch in freq}
        return lambda epoch: epoch in listed
    every = whole("fit", "validation_freq", freq, 1)
    return lambda epoch: epoch % every == 0


def parts_of(data: Any) -> dict[str, Any]:
    """validation_data as the arguments of `batches_of`: (x, y), (x, y, sample_weight), a mapping, or batches."""
    if isinstance(data, dict) and "x" in data and not set(data) - {"x", "y", "sample_weight", "masks"}:
        return {"y": None, **data}
    if isinstance(data, (tuple, list)) and not feeds_batches(data):
        if not 2 <= len(data) <= 3:
            wanted = "(x, y) or (x, y, sample_weight)"
            raise ArgumentError(describe("fit", "validation_data", wanted, f"{len(data)} entries"))
        return dict(zip(("x", "y", "sample_weight"), data, strict=False))
    return {"x": data, "y": None}


def evaluate(
    model: Network, x: Any, y: Any, *, batch_size: int | None, steps: int | None, weight: Any,
    callbacks: Any = None, verbose: int | str = 0, where: str = "evaluate",
) -> dict[str, float]:  # fmt: skip
    """Loss and metrics by name."""
    listed = [*callbacks_of(where, callbacks), *fresh_metrics(model)]
    steps = whole_or_none(where, "steps", steps)
    size = BATCH if batch_size is None else whole(where, "batch_size", batch_size, 1)
    model._build_for(x)
    program, compiled = program_of(model), compiled_of(model)
    feed = feed_of(model, program.objective, where)
    batches = batches_of(x, y, feed, batch_size=size, key=model.key, steps=steps, sample_weight=weight)
    for callback in listed:
        introduce(callback, model, {"verbose": verbose, "epochs": 1, "steps": batches.steps_per_epoch})
    around = CallsAround("test", listed)
    return program.report(loop.evaluate(program, compiled.engine, start_of(model, program), batches, around))


def test_on_batch(model: Network, x: Any, y: Any, weight: Any) -> dict[str, float]:
    """What evaluate says of one batch."""
    return evaluate(model, x, y, batch_size=None, steps=None, weight=weight, where="test_on_batch")


def predict(
    model: Network, x: Any, *, batch_size: int | None, steps: int | None, callbacks: Any = None,
    verbose: int | str = 0, step: Callable[[Any], Any] | None = None,
) -> Any:  # fmt: skip
    """One array, a list of them when there are several outputs, a mapping where the model was made with one.

    `step` is a predict_step of the user's own.
    """
    listed = callbacks_of("predict", callbacks)
    steps = whole_or_none("predict", "steps", steps)
    size = BATCH if batch_size is None else whole("predict", "batch_size", batch_size, 1)
    model._build_for(x)
    graph, engine = model.graph, model.engine
    resting = model.at_rest(engine)
    inputs = input_parts(x, feed_of(model, None, "predict"), batch_size=size, steps=steps)
    around = CallsAround("predict", listed)
    for callback in listed:
        introduce(callback, model, {"verbose": verbose, "epochs": 1, "steps": steps})
    around.begin()
    if step is not None:
        return by_own_step(step, inputs, around)
    parts = []
    for number, outputs in enumerate(predict_each(graph, engine, *resting.native, inputs, around, resting.again)):
        parts.append(outputs)
        around.outputs(number, structured(model, outputs))
    around.end()
    if not parts:
        parts = [{name: np.empty((0, *(n or 0 for n in shape)), np.float32)
                  for name, shape in graph.output_shapes.items()}]  # fmt: skip
    each = {name: [part[name] for part in parts] for name in graph.output_shapes if name in graph.lasting}
    alone = len(parts) == 1 and not listed          # a callback may keep what it was shown
    return structured(model, {name: some[0] if alone else np.concatenate(some) for name, some in each.items()})


def by_own_step(step: Callable[[Any], Any], inputs: Iterable[Mapping[str, Any]], around: CallsAround) -> Any:
    """What a user's predict_step gives, batch after batch, in the lists or mappings in which it gives it."""
    found: list[Any] = []
    for number, part in enumerate(inputs):
        around.batch_begin(number)
        arrays = list(part.values())
        found.append(step((arrays[0] if len(arrays) == 1 else arrays,)))
        around.outputs(number, found[-1])
    around.end()
    first = found[0]
    if isinstance(first, Mapping):
        return {word: np.concatenate([np.asarray(one[word]) for one in found]) for word in first}
    if isinstance(first, (list, tuple)):
        return [np.concatenate([np.asarray(one[place]) for one in found]) for place in range(len(first))]
    if first is None or np.ndim(first) == 0:
        remedy = "End it with return self(data[0], training=False)."
        got = shown(repr(first))
        raise ArgumentError(describe("predict_step", "what it returns", "an array with a row a sample", got, remedy))
    return np.concatenate([np.asarray(one) for one in found])


def structured(model: Network, outputs: Mapping[str, Any]) -> Any:
    """Outputs as the model was made with them: alone, a list, or a mapping."""
    if model._output_keys:
        return {key: outputs[name] for key, name in model._output_keys.items()}
    listed = list(outputs.values())
    return listed[0] if len(listed) == 1 else listed


def train_on_batch(
    model: Network, x: Any, y: Any, weight: Any, class_weight: Mapping[int, float] | None
) -> dict[str, float]:
    """One update on one batch; its numbers before the update."""
    model._build_for(x)
    program, compiled = program_of(model), compiled_of(model)
    feed = feed_of(model, program.objective, "train_on_batch")
    if x is not None and feeds_batches(x):
        raise ArgumentError(describe("train_on_batch", "x", "arrays", type(x).__name__, "Use fit for batches."))
    size = rows_of(x, feed)
    refuse_lonely_batches(program.graph, size, size)
    batches = batches_of(
        x, y, feed, batch_size=size, key=model.key, sample_weight=weight, class_weight=class_weight
    )
    state = start_of(model, program)
    (batch,) = batches.epoch(0)
    key = model.key.fold("noise").fold(int(state["clock"]["step"]))
    state, sums = program.step(compiled.engine, state, batch, key)
    weights.hang(model.built, Progress(program, compiled.engine, state, Position(), 1, 1))
    compiled.state = state
    return program.report(sums)
