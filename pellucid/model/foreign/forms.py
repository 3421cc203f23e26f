"""Networks that Keras and torchvision write down differently: which of the two forms a file has.

Both forms of MobileNetV2 have weights of the same shapes in the same order, but other zeros around their maps, so that
a file of Keras, whose layers are counted, would fit the wrong one.
"""

from __future__ import annotations

from pellucid.graph.graph import Graph
from pellucid.model.foreign.timm import torchvision_names
from pellucid.model.foreign.torch import modules_of
from pellucid.storage.foreign import ForeignFile

NETWORKS = (("conv1_bn", "layer1.0.conv1"), ("bn_Conv1", "features.0.0"))  # a layer of Keras, a module of torchvision


def other_form(graph: Graph, file: ForeignFile) -> str:
    """The form of the file, "keras" or "torchvision", when the model is such a network in the other one; else ""."""
    own = {entry.name for entry in graph.layers}
    if file.kind == "hdf5":
        names = {*file.names.values(), *dict(file.order)} - {""}  # none by Keras 3.0: then the file may be of any form
        meant = [keras for keras, module in NETWORKS if module.replace(".", "_") in own]
        return "keras" if any(keras in names or not names for keras in meant) else ""
    modules = modules_of(file)
    modules += torchvision_names(modules).values()
    return "torchvision" if any(keras in own and module in modules for keras, module in NETWORKS) else ""
