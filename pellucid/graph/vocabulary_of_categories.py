"""Layer classes of categories and of given statistics, which `adapt` reads off data, and EinsumDense."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pellucid.errors import UsageError
from pellucid.graph.layer import Layer
from pellucid.spec import categories, einsum, norms
from pellucid.spec.layer import LayerSpec

ADAPT: list[Callable[..., LayerSpec]] = []  # what reads numbers off data, once a page that can has been imported


class Adapting(Layer):
    """A layer that reads numbers off data before it is first called."""

    def _adapt(self, data: Any, steps: int | None = None) -> None:
        if self.calls:
            raise UsageError(f"{self.label}: adapt comes before the layer is called. Call it on the data first.")
        if not ADAPT:
            raise UsageError(f"{self.label}.adapt: import pellucid.layers first.")
        spec = ADAPT[0](self, data, steps)
        vars(self).pop("_networks", None)
        vars(self)["spec"] = spec
        self.built = True


class Normalization(Adapting):
    spec_class = norms.Normalization

    def adapt(self, data: Any) -> None:
        """Take mean and variance of the data, over all axes but `axis`; an array, or batches, which count by size."""
        self._adapt(data)


class Discretization(Adapting):
    spec_class = categories.Discretization

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Take borders such that num_bins bins hold equally many of the data, of batches at most `steps`."""
        self._adapt(data, steps)


class CategoryEncoding(Layer):
    spec_class = categories.CategoryEncoding


class EinsumDense(Layer):
    spec_class = einsum.EinsumDense

    def _describe(self, args: tuple[Any, ...], arguments: dict[str, Any]) -> LayerSpec:
        if "output_shape" in arguments:
            arguments["partial_output_shape"] = arguments.pop("output_shape")
        return super()._describe(args, arguments)

    def get_config(self) -> dict[str, Any]:
        """The layer's arguments as JSON-ready data, under Keras's names."""
        found = super().get_config()
        return {**found, "output_shape": found.pop("partial_output_shape")}
