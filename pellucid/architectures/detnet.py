"""DetNet-59: a ResNet-50 whose maps stay at 16 pixels a place, with three dilated blocks more in each of two stages.

Table   stages 1 to 4 of ResNet-50 (form "torchvision") | 2 stages of 3 bottlenecks 256 256 1024, their 3x3 with a
        dilation of 2, a 1x1 convolution on the shortcut of the first of each | global mean | dense classes softmax
Count   trained: the two stages 17,347,648 with all below them, 18,372,648 with 1,000 classes
Source  Li et al. 2018 (DetNet), figure 2 and section 3.2; weights are named on as in ResNet (layer4, layer5)
"""

from __future__ import annotations

from typing import Unpack

from pellucid.architectures.frame import Frame, Options, Weights
from pellucid.architectures.resnet import BOTTLENECK, FORMS, residual, torchvision_stem
from pellucid.graph.vocabulary import Dense, GlobalAveragePooling2D
from pellucid.model import Model

STAGES = ((3, 64, 1), (4, 128, 1), (6, 256, 1), (3, 256, 2), (3, 256, 2))  # blocks, filters, dilation


def DetNet59(include_top: bool = True, weights: Weights = None, **options: Unpack[Options]) -> Model:
    """59 layers, five of the stages at 4, 8, 16, 16 and 16 pixels; arguments as in Keras (`frame.Options`)."""
    frame, how = Frame.of("detnet59", include_top, weights, options), FORMS["torchvision"]
    x = torchvision_stem(how, frame.entry)
    for stack, (blocks, filters, gaps) in enumerate(STAGES, 1):
        for place in range(blocks):
            stride = 2 if stack in (2, 3) and place == 0 else 1
            x = residual(how, x, BOTTLENECK, filters, stride, place == 0, f"layer{stack}_{place}", None, gaps)
    if frame.include_top:
        x = GlobalAveragePooling2D(name=how.top[0])(x)
        x = Dense(frame.classes, activation=frame.activation, name=how.top[1])(x)
    return frame.close(x)
