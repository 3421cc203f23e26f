"""Layer classes of categories and of given statistics, which `adapt` reads off data, and EinsumDense."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from pellucid.errors import DataError, UsageError, describe
from pellucid.graph.layer import Layer
from pellucid.spec import categories, einsum, norms
from pellucid.spec.layer import LayerSpec


def batches(where: str, data: Any, steps: int | None = None) -> Iterable[Any]:
    """The arrays of data: one, those of a sequence or generator, at most `steps`; of (x, y) the first."""
    import numpy as np

    if hasattr(data, "shape") and hasattr(data, "dtype"):
        yield np.asarray(data)
        return
    if not isinstance(data, Iterable):
        wanted = "an array, or batches of arrays"
        raise DataError(describe(f"{where}.adapt", "data", wanted, type(data).__name__))
    for number, batch in enumerate(data):
        if steps is not None and number >= steps:
            return
        x = batch[0] if isinstance(batch, tuple) else batch
        yield np.asarray(getattr(x, "value", x))


class Adapting(Layer):
    """A layer that reads numbers off data before it is first called."""

    def adapted(self, spec: LayerSpec) -> None:
        """Be what the data say; raises UsageError after the layer was called."""
        if self.calls:
            raise UsageError(f"{self.label}: adapt comes before the layer is called. Call it on the data first.")
        vars(self).pop("_networks", None)
        vars(self)["spec"] = spec
        self.built = True


class Normalization(Adapting):
    spec_class = norms.Normalization

    def adapt(self, data: Any) -> None:
        """Take mean and variance of the data, over all axes but `axis`; batches count by their sizes."""
        import numpy as np

        spec: Any = self.spec
        total: Any = None
        square, number = 0.0, 0.0
        for x in batches(type(self).__name__, data):
            x = x.astype(np.float64)
            kept = () if spec.axis is None else tuple(a % x.ndim for a in np.atleast_1d(spec.axis))
            over = tuple(axis for axis in range(x.ndim) if axis not in kept)
            more = x.sum(over), np.square(x).sum(over), x.size / max(x.sum(over).size, 1)
            if total is not None and np.shape(total) != np.shape(more[0]):
                wanted = f"of {np.shape(total)} means, as the first batch"
                raise DataError(describe(f"{type(self).__name__}.adapt", "data", wanted, f"of {np.shape(more[0])}"))
            total, square, number = more if total is None else (total + more[0], square + more[1], number + more[2])
        if total is None:
            raise DataError(f"{type(self).__name__}.adapt: there are no data. Pass an array, or batches of arrays.")
        mean = total / number
        self.adapted(replace(spec, mean=mean, variance=np.maximum(square / number - mean**2, 0)))


class Discretization(Adapting):
    spec_class = categories.Discretization

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Take borders such that num_bins bins hold equally many of the data."""
        import numpy as np

        spec: Any = self.spec
        if spec.num_bins is None:
            raise UsageError("Discretization.adapt: pass num_bins= instead of bin_boundaries=.")
        found = [x.astype(np.float64).ravel() for x in batches("Discretization", data, steps)]
        if not found:
            raise DataError("Discretization.adapt: there are no data. Pass an array, or batches of arrays.")
        values = np.sort(np.concatenate(found))
        shares = np.arange(1, spec.num_bins) / spec.num_bins
        borders = np.interp(shares, np.arange(1, len(values) + 1) / len(values), values)
        self.adapted(replace(spec, bin_boundaries=borders.astype(np.float32)))


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
