"""Optimizer: an update rule of a user's own, written as Keras's are; what it does to a weight becomes a graph.

    class Momentum(Optimizer):
        def build(self, variables):
            super().build(variables)
            self.m = self.add_optimizer_variables(variables, "momentum")

        def update_step(self, gradient, variable, learning_rate):
            m = self.m[self._get_variable_index(variable)]
            self.assign(m, 0.9 * m - learning_rate * gradient)
            self.assign_add(variable, m)

Both engines run the graph, and a file keeps it, so that training goes on without the class.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from pellucid.errors import ArgumentError, UsageError, describe
from pellucid.spec.base import rules, snake
from pellucid.spec.optimizers import OptimizerSpec

TRACES = "pellucid.graph.traced_rule"  # imported when the first rule of one's own is made


class OptimizerType(type):
    """Counts Pellucid's own rules and those of compiled models among the instances."""

    def __instancecheck__(cls, instance: Any) -> bool:
        known = cls is Optimizer and isinstance(getattr(instance, "spec", instance), OptimizerSpec)
        return known or super().__instancecheck__(instance)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return (cls is Optimizer and OptimizerSpec in subclass.__mro__) or super().__subclasscheck__(subclass)


class Optimizer(metaclass=OptimizerType):
    """What all update rules are; derive from it and write `update_step(self, gradient, variable, learning_rate)`.

    learning_rate and the others are those of every rule, such as clipnorm, weight_decay and use_ema.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        kind = type(self).__name__
        if type(self).update_step is Optimizer.update_step:
            wanted = "update_step(self, gradient, variable, learning_rate)"
            raise ArgumentError(f"{kind}: write {wanted} in a class of your own, or use a rule such as Adam(0.001).")
        if kwargs or loss_scale_factor is not None:
            known, got = ", ".join(rules(OptimizerSpec)), next(iter(kwargs), "loss_scale_factor")
            raise ArgumentError(f"{kind}: unknown argument '{got}' of super().__init__; known are: {known}.")
        self.name = name or snake(kind)
        self.built = False
        self._arguments: dict[str, Any] = {
            "learning_rate": learning_rate, "weight_decay": weight_decay, "clipnorm": clipnorm, "clipvalue": clipvalue,
            "global_clipnorm": global_clipnorm, "use_ema": use_ema, "ema_momentum": ema_momentum,
            "ema_overwrite_frequency": ema_overwrite_frequency,
            "gradient_accumulation_steps": gradient_accumulation_steps, "name": self.name,
        }  # fmt: skip

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Move `variable` by its gradient; all three are tensors, of which only the variable is assigned to."""

    def build(self, variables: Any) -> None:
        """Make what is kept beside each variable; on numbers, make ready for these variables."""
        if self._step is None:
            self.spec.build(variables)
        self.built = True

    @property
    def _step(self) -> dict[str, Any] | None:
        """What is known while a step is traced, None at other times."""
        found: dict[str, Any] | None = vars(self).get("_tracing")
        return found

    def add_variable_from_reference(
        self, reference_variable: Any, name: str | None = None, initializer: Any = "zeros", **others: Any
    ) -> Any:
        """An array beside a variable, of its shape, that lasts from update to update."""
        return import_module(TRACES).beside(self._in_build("add_variable_from_reference"), reference_variable, name,
                                            initializer)  # fmt: skip

    def add_optimizer_variables(self, trainable_variables: Any, name: Any, initializer: Any = "zeros") -> Any:
        """Such an array for each variable; for several names a tuple of lists."""
        if not isinstance(name, str):
            starts = initializer if isinstance(initializer, (list, tuple)) else [initializer] * len(name)
            return tuple(self.add_optimizer_variables(trainable_variables, word, start)
                         for word, start in zip(name, starts, strict=True))  # fmt: skip
        return [self.add_variable_from_reference(entry, name, initializer) for entry in trainable_variables]

    def add_variable(self, shape: Any, *args: Any, **others: Any) -> Any:
        """Refused: what a rule remembers lies beside the weights."""
        remedy = "Calculate it from self.iterations, or keep it with add_variable_from_reference."
        raise ArgumentError(describe(type(self).__name__, "add_variable", "left out: there is none for all weights",
                                     f"called for shape {shape}", remedy))  # fmt: skip

    def _in_build(self, where: str) -> dict[str, Any]:
        if self._step is None:
            raise UsageError(f"{type(self).__name__}: call {where} in build(self, variables).")
        return self._step

    def _get_variable_index(self, variable: Any) -> int:
        """Which of the variables of build this is."""
        return 0

    def assign(self, variable: Any, value: Any) -> None:
        """Let a variable be this."""
        variable.assign(value)

    def assign_add(self, variable: Any, value: Any) -> None:
        """Add this to a variable."""
        variable.assign_add(value)

    def assign_sub(self, variable: Any, value: Any) -> None:
        """Take this from a variable."""
        variable.assign_sub(value)

    @property
    def spec(self) -> OptimizerSpec:
        """The rule as data."""
        if "_spec" not in vars(self):
            self._spec: OptimizerSpec = import_module(TRACES).TracedRule.of(self, **self._arguments)
        return self._spec

    @property
    def learning_rate(self) -> Any:
        """The learning rate; within a step that of this update."""
        return self._arguments["learning_rate"] if self._step is None else self._step["learning_rate"]

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        vars(self).pop("_spec", None)
        self._arguments["learning_rate"] = value

    @property
    def iterations(self) -> Any:
        """Updates made before; within a step as a tensor."""
        return self.spec.iterations if self._step is None else self._step["iterations"]

    @property
    def variables(self) -> list[Any]:
        """Updates made on numbers, the rate, and what is kept beside the variables."""
        return self.spec.variables

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        """Move variables by their gradients; arrays are written into."""
        self.spec.apply(grads, trainable_variables)

    def apply_gradients(self, grads_and_vars: Any) -> None:
        """The same, of pairs of gradient and variable."""
        self.spec.apply_gradients(grads_and_vars)

    def exclude_from_weight_decay(self, var_list: Any = None, var_names: Any = None) -> None:
        """Leave weights out whose names hold one of `var_names`."""
        self.spec.exclude_from_weight_decay(var_list, var_names)

    def finalize_variable_values(self, var_list: Any) -> None:
        """Let variables be their moving averages, where the rule keeps them."""
        self.spec.finalize_variable_values(var_list)

    def get_config(self) -> dict[str, Any]:
        """The arguments of super().__init__ by name."""
        return dict(self._arguments)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        """The rule that `get_config` told of."""
        return cls(**config)
