"""The formula of every piece of arithmetic in one line, in the axes of `style`: what a trace prints beside the numbers.

Axes  N samples, H W pixels, C channels, F filters or units, U V kernel rows and columns, I J output pixels, s stride
"""

from __future__ import annotations

from pellucid.spec.layer import LayerSpec

FORMULAS = {
    "InputLayer": "y = the data",
    "Linear": "y = x",
    "Dense": "y[n,f] = bias[f] + sum_d x[n,d] kernel[d,f]",
    "Conv2D": "y[n,i,j,f] = bias[f] + sum_uvc x[n, i s + u, j s + v, c] kernel[u,v,c,f]",
    "DepthwiseConv2D": "y[n,i,j,c M + m] = bias[c M + m] + sum_uv x[n, i s + u, j s + v, c] kernel[u,v,c,m]",
    "SeparableConv2D": "a depthwise convolution, then a 1x1 convolution",
    "Conv2DTranspose": "y[n, h s + u, w s + v, f] += sum_c x[n,h,w,c] kernel[u,v,f,c]; then + bias[f]",
    "MaxPooling2D": "y[n,i,j,c] = max_uv x[n, i s + u, j s + v, c]",
    "AveragePooling2D": "y[n,i,j,c] = mean_uv x[n, i s + u, j s + v, c]",
    "GlobalAveragePooling2D": "y[n,c] = mean_hw x[n,h,w,c]",
    "GlobalMaxPooling2D": "y[n,c] = max_hw x[n,h,w,c]",
    "BatchNormalization": "y = gamma (x - mean) / sqrt(variance + epsilon) + beta, for each channel",
    "LocalResponseNormalization": "y[c] = x[c] / (k + alpha sum_near x^2)^beta",
    "Dropout": "y = x mask / (1 - rate) in training, y = x afterwards",
    "Flatten": "y[n, (h W + w) C + c] = x[n,h,w,c]",
    "Reshape": "the same numbers in another shape",
    "ZeroPadding2D": "y = x with zeros around",
    "UpSampling2D": "y[n,i,j,c] = x[n, i // rows, j // columns, c]",
    "Rescaling": "y = scale x + offset",
    "Temperature": "y = x / value",
    "PositionBias": "y[n,h,w,c] = x[n,h,w,c] + bias[h,w,c]",
    "Add": "y = x1 + x2 + ...",
    "Multiply": "y = x1 x2 ...",
    "Concatenate": "y = the inputs one after another",
    "Activation": "y = the activation of x",
    "ReLU": "y = max(x, 0), with slope below and a largest value where given",
    "LeakyReLU": "y = x above zero, slope x below",
    "PReLU": "y = x above zero, alpha x below, alpha learned",
    "RReLU": "y = x above zero, a x below, a random in training",
    "ELU": "y = x above zero, alpha (e^x - 1) below",
    "Sigmoid": "y = 1 / (1 + e^-x)",
    "Tanh": "y = tanh x",
    "Softmax": "y[n,k] = e^x[n,k] / sum_k e^x[n,k]",
    "Nested": "a model of its own",
}


def formula(spec: LayerSpec) -> str:
    """The formula of a layer; a layer of the user's own has its docstring's first line."""
    own = FORMULAS.get(type(spec).__name__)
    return own if own is not None else (type(spec).__doc__ or "").strip().splitlines()[0]
