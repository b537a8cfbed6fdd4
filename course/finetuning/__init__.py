"""Fine-tuning a network that was trained on something else.

layer_groups                    the network in groups of layers, the head last
discriminative_learning_rates   a rate per group, the largest at the head
parameter_groups                both together, as every torch optimizer takes them
freeze_to, unfreeze             which groups learn
train_mode                      training mode, but batch normalisation of frozen groups rests
precompute_activations          run the body once, train the head on what it gave
Snapshots, snapshot_ensemble    the network at the end of each cycle, and their vote
"""

from course.finetuning.freezing import freeze_to, train_mode, unfreeze
from course.finetuning.groups import layer_groups
from course.finetuning.modes import evaluating
from course.finetuning.precompute import body_and_head, precompute_activations
from course.finetuning.rates import discriminative_learning_rates, parameter_groups
from course.finetuning.snapshots import Snapshots, snapshot_ensemble

__all__ = [
    "Snapshots",
    "body_and_head",
    "discriminative_learning_rates",
    "evaluating",
    "freeze_to",
    "layer_groups",
    "parameter_groups",
    "precompute_activations",
    "snapshot_ensemble",
    "train_mode",
    "unfreeze",
]
