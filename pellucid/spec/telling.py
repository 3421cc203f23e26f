"""What help() shows of a class whose arguments are described as data: its signature, and each argument's meaning.

The defaults and the legal values are read off the description; only what an argument is for stands here.
"""

from __future__ import annotations

from dataclasses import MISSING, Field
from inspect import Parameter, Signature
from typing import Any

PENALTY = "a penalty on {}, added to the loss"
START = "how {} are drawn or filled at first"
MEANINGS = {
    "activation": "what is applied to the result",
    "activation_scale": "whether what comes out is scaled by the size of what came in",
    "adam_beta_1": "of Adam's weights: how slowly the mean of gradients moves",
    "adam_beta_2": "of Adam's weights: how slowly the mean of squares moves",
    "adam_lr_ratio": "of Adam's weights: their share of the rate",
    "adam_weight_decay": "of Adam's weights: by which share of the rate they shrink",
    "alpha": "the slope, or the weight, of one side",
    "alpha_constraint": "what they are brought back to after each update",
    "alpha_initializer": START.format("the slopes"),
    "alpha_regularizer": PENALTY.format("the slopes"),
    "amsgrad": "divide by the largest mean square so far",
    "antialias": "whether the window widens where a picture becomes smaller",
    "apply_class_balancing": "weigh yes by alpha, no by 1 - alpha",
    "average": "how the scores of classes become one",
    "axes": "the axes that are summed over",
    "axis": "the axis that it works along",
    "beta": "the size of the shift, or the weight of the second share",
    "beta_1": "how slowly the mean of gradients moves",
    "beta_2": "how slowly the mean of squares moves",
    "beta_2_decay": "the power of t by which the mean of squares slows",
    "beta_constraint": "what they are brought back to after each update",
    "beta_initializer": START.format("the shifts"),
    "beta_regularizer": PENALTY.format("the shifts"),
    "bias_axes": "the axes along which a bias is added",
    "bias_constraint": "what they are brought back to after each update",
    "bias_initializer": START.format("the biases"),
    "bias_regularizer": PENALTY.format("the biases"),
    "bin_boundaries": "where each bin but the first begins",
    "boundaries": "the steps at which the rate changes",
    "center": "whether a shift is learned",
    "centered": "subtract the squared mean of gradients",
    "brightness_factor": "how far pixels move, to either side, or between which shares of the range",
    "class_aggregation": "how the values of outputs become one",
    "class_id": "the one column that counts",
    "clip_threshold": "the largest root mean square of a step",
    "clip_value": "the largest size, of a weight or for which a sign lets the gradient through",
    "clipnorm": "the longest gradient of a weight",
    "clipvalue": "the largest entry of a gradient",
    "constraint": "what it is brought back to after each update",
    "contrast_factor": "how far differences from the mean are changed",
    "crop_to_aspect_ratio": "keep the middle part that has the wanted proportion",
    "cropping": "how much is cut from each side",
    "curve": "which curve the area is under",
    "cycle": "begin again after decay_steps",
    "data_format": "where the channels are: always last",
    "decay_rate": "what the rate is multiplied with",
    "decay_steps": "how many steps the decay takes",
    "delta": "where squares become straight lines",
    "depth_multiplier": "how many outputs each channel gives",
    "depthwise_constraint": "what they are brought back to after each update",
    "depthwise_initializer": START.format("the kernels of each channel"),
    "depthwise_quantizer": "what makes bits of the kernels",
    "depthwise_regularizer": PENALTY.format("the kernels of each channel"),
    "dilation_rate": "how far apart the entries of the kernel lie",
    "dims": "the axes in their new order, from 1",
    "distribution": "what numbers are drawn from",
    "div_factor": "how much below its peak the rate starts",
    "dtype": "taken for Keras's sake",
    "ema_momentum": "how slowly the average of weights moves",
    "ema_overwrite_frequency": "after how many steps the average becomes the weights",
    "end_learning_rate": "where the decay ends",
    "epsilon": "what keeps a division off 0",
    "epsilon_1": "what keeps squares of gradients off 0",
    "epsilon_2": "the least size of a weight that its steps go by",
    "equation": "which axes of input and kernel are multiplied and summed",
    "exclude_embeddings": "whether embeddings are Adam's",
    "exclude_layers": "patterns of names whose weights are Adam's",
    "factor": "how far, to either side, or between which two numbers",
    "fill_mode": "what lies outside the picture",
    "fill_value": "the number that lies outside",
    "filters": "how many kernels, and so channels of the output",
    "final_div_factor": "how much below its start the rate ends",
    "first_decay_steps": "how many steps the first decay takes",
    "from_logits": "whether outputs are logits, not probabilities",
    "gain": "what all numbers are multiplied with",
    "gamma": "how strongly easy samples are left aside",
    "gamma_constraint": "what they are brought back to after each update",
    "gamma_initializer": START.format("the factors"),
    "gamma_regularizer": PENALTY.format("the factors"),
    "global_clipnorm": "the longest gradient of all weights together",
    "gradient_accumulation_steps": "of how many batches gradients are averaged before a step",
    "groups": "into how many parts channels are divided",
    "height": "the rows of the output",
    "height_factor": "how far along the height, or between which two shares",
    "ignore_class": "the label that does not count",
    "hue_factor": "how far the hue is turned, 1 to the other side of the circle",
    "initial_accumulator_value": "where sums of squares start",
    "initial_learning_rate": "where the rate starts",
    "input_quantizer": "what makes bits of the input",
    "interpolation": "how new pixels are made",
    "invert": "whether it is undone",
    "k": "how many are looked at",
    "keepdims": "whether axes of size 1 are left",
    "kernel_constraint": "what they are brought back to after each update",
    "kernel_initializer": START.format("the kernels"),
    "kernel_quantizer": "what makes bits of the kernel",
    "kernel_regularizer": PENALTY.format("the kernels"),
    "kernel_size": "the rows and columns of the kernel",
    "l1": "the factor of absolute values",
    "l1_regularization_strength": "the factor of absolute values",
    "l2": "the factor of squares",
    "l2_regularization_strength": "the factor of squares",
    "l2_shrinkage_regularization_strength": "the factor of shrinking",
    "label_smoothing": "how far targets are moved towards all classes alike",
    "label_weights": "how much each label counts",
    "learning_rate": "how far a step goes, or a schedule of it",
    "learning_rate_power": "the power of the sum of squares",
    "lower": "the least slope that is drawn",
    "m_mul": "what the peak is multiplied with at each start",
    "max_learning_rate": "the peak of the rate",
    "max_value": "where it is cut off",
    "maxval": "the largest number",
    "mean": "the mean",
    "min_value": "the least length",
    "minval": "the smallest number",
    "mode": "which count divides the variance",
    "momentum": "how much of what was before is kept",
    "moving_mean_initializer": START.format("the moving means"),
    "moving_variance_initializer": START.format("the moving variances"),
    "multi_label": "each column on its own",
    "muon_a": "the factor of x in the iteration",
    "muon_b": "the factor of x x' x in the iteration",
    "muon_c": "the factor of x x' x x' x in the iteration",
    "n": "how many times it is repeated",
    "name": "what it is called in reports",
    "negative_slope": "the slope below the threshold",
    "nesterov": "look ahead along the momentum",
    "noise_shape": "the shape of what is drawn, 1 where entries share it",
    "normalize": "whether both are made of length 1 first",
    "ns_steps": "how often the iteration is done",
    "num_bins": "how many bins adapt makes",
    "num_classes": "how many classes there are",
    "num_labels": "how many columns there are",
    "num_regressors": "how many inputs the adjusted score counts",
    "num_thresholds": "at how many thresholds it counts",
    "num_tokens": "how many categories there are",
    "offset": "what is added afterwards",
    "output_mode": "numbers of categories, or which rows are made of them",
    "output_size": "the rows and columns of the output",
    "output_padding": "how many rows and columns more come out",
    "pad_to_aspect_ratio": "add borders up to the wanted proportion",
    "padding": "what is added around: nothing, or so much that the size stays",
    "partial_output_shape": "the shape of the output; None for an axis of the input",
    "pct_start": "the share of steps on the way up",
    "pointwise_constraint": "what they are brought back to after each update",
    "pointwise_initializer": START.format("the kernels over channels"),
    "pointwise_regularizer": PENALTY.format("the kernels over channels"),
    "pool_size": "the rows and columns of the window",
    "power": "the power of the decay",
    "precision": "the least precision",
    "q": "between cross-entropy (0) and error (1)",
    "rate": "the share that is dropped",
    "recall": "the least recall",
    "reduction": "what is made of its values on numbers",
    "relative_step": "taken for Keras's sake: the rate is at most 1 / sqrt(t) in any case",
    "rho": "how slowly the mean of squares moves",
    "rms_rate": "the root mean square of a step at rate 1, or None for steps as they are",
    "saturation_factor": "how colourful: 0 grey, 0.5 as it is, 1 full",
    "scale": "the factor, the shares, or whether factors are learned",
    "scale_gradient": "what of alpha's gradient there is",
    "seed": "the same numbers for the same seed",
    "sensitivity": "the least sensitivity",
    "shared_axes": "axes along which slopes are shared",
    "size": "how many times as large",
    "sparse": "taken for Keras's sake",
    "sparse_y_pred": "whether outputs are class numbers",
    "sparse_y_true": "whether targets are class numbers",
    "specificity": "the least specificity",
    "staircase": "change the rate in jumps",
    "stddev": "the standard deviation",
    "strides": "how far the window moves",
    "summation_method": "how the area between two thresholds is taken",
    "t_mul": "what the length is multiplied with at each start",
    "target_class_ids": "the classes that count",
    "target_shape": "the shape of each sample; -1 for what is left",
    "threshold": "the border between no and yes",
    "thresholds": "the borders between no and yes",
    "top_k": "only the k largest outputs are a yes",
    "total_steps": "how many steps there are",
    "undecayed": "names of weights that do not decay",
    "units": "how many numbers each sample gives",
    "upper": "the largest slope that is drawn",
    "use_bias": "whether a bias is added",
    "use_ema": "keep, evaluate and save an average of the weights",
    "value": "the number",
    "value_range": "the least and the largest number of a pixel",
    "values": "the rates between the boundaries",
    "variance": "the variance",
    "warmup_steps": "how many steps the rate rises at first",
    "warmup_target": "where the rise ends",
    "weight_decay": "by which share weights shrink in each step",
    "width": "the columns of the output",
    "width_factor": "how far along the width, or between which two shares",
    "zero_mean": "whether each filter first loses its mean over the channels",
}
LAYER = {"name": (None, "its name in the network, without '/'"), "trainable": (True, "whether its weights are trained"),
         "input_shape": (None, "for the first layer of a Sequential: the shape of a sample")}  # fmt: skip
LONG = 90  # letters of a rule that are told; longer ones list words


def fields_of(owner: Any) -> list[Field[Any]]:
    """The arguments, in positional order."""
    found = [field for field in owner.__dataclass_fields__.values() if "rule" in field.metadata]
    return sorted(found, key=lambda field: bool(field.kw_only))


def signature_of(owner: Any, more: dict[str, tuple[Any, str]] | None = None) -> Signature:
    """The arguments of a description with their defaults; those in `more` by keyword alone."""
    found = [
        Parameter(field.name, Parameter.KEYWORD_ONLY if field.kw_only else Parameter.POSITIONAL_OR_KEYWORD,
                  default=Parameter.empty if field.default is MISSING else field.default)
        for field in fields_of(owner)
    ]  # fmt: skip
    extra = [Parameter(word, Parameter.KEYWORD_ONLY, default=default) for word, (default, _) in (more or {}).items()
             if word not in {parameter.name for parameter in found}]  # fmt: skip
    return Signature(found + extra)


def told(owner: Any, text: str | None, more: dict[str, tuple[Any, str]] | None = None) -> str:
    """The text, and below it every argument with what it is for and what it may be."""
    lines = [" ".join(part.split()) if place else part for place, part in enumerate((text or "").strip().split("\n\n"))]
    arguments = []
    for field in fields_of(owner):
        wanted = field.metadata["rule"].wanted
        legal = f" ({wanted})" if len(wanted) <= LONG else ""
        arguments.append(f"{field.name}: {MEANINGS.get(field.name, '')}{legal}")
    arguments += [f"{word}: {meaning}" for word, (_, meaning) in (more or {}).items()]
    return "\n\n".join([*lines, *(["\n".join(arguments)] if arguments else [])])


def signature_of_layer(owner: Any) -> Signature:
    """The arguments of a layer class."""
    return signature_of(owner.spec_class, LAYER)


def doc_of_layer(owner: Any) -> str:
    """What help() shows of a layer class."""
    text = vars(owner.spec_class).get("__doc__")
    return told(owner.spec_class, getattr(text, "text", text), LAYER)
