"""Shifts and small deformations: what layers and decisions make of them, and how to bear them.

    shift, deform           move images; `smooth_displacement` and `dilation` make the fields
    equivariance_error      does a layer move its output along with its input?
    invariance_by_depth     what shifts change after each layer, in two norms
    sensitivity_map         what each shift changes
    shift_consistency       is an image at two places given one class?
    accuracy_by_shift       the sawtooth of strided networks
    BlurPool, MaxBlurPool   pooling without aliasing
    pooling_cost            the activations and multiply-adds that pooling saves
    translation_bound       the theorem of Wiatowski and Bolcskei

Canvases are circular unless it says otherwise. Models are measured in evaluation mode and left as
they were.
"""

from course.invariance.blur import BlurPool, MaxBlurPool
from course.invariance.cost import LayerCost, PoolingCost, pooling_cost
from course.invariance.deformation import deform, dilation, smooth_displacement
from course.invariance.depth import LayerInvariance, invariance_by_depth
from course.invariance.equivariance import equivariance_error
from course.invariance.predictions import accuracy_by_shift, shift_consistency
from course.invariance.sensitivity import sensitivity_map
from course.invariance.shifting import shift
from course.invariance.theorem import translation_bound

__all__ = [
    "BlurPool",
    "LayerCost",
    "LayerInvariance",
    "MaxBlurPool",
    "PoolingCost",
    "accuracy_by_shift",
    "deform",
    "dilation",
    "equivariance_error",
    "invariance_by_depth",
    "pooling_cost",
    "sensitivity_map",
    "shift",
    "shift_consistency",
    "smooth_displacement",
    "translation_bound",
]
