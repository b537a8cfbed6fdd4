"""The learner's library: every algorithm of the course, its data, its figures.

Import what you need from the module that holds it; nothing heavy is loaded before that.

    course.losses        the multiclass hinge loss, softmax cross-entropy, their gradients
    course.gradients     numerical gradients, relative error, the gradient check
    course.linear        a linear classifier trained by stochastic gradient descent
    course.lr_finder     the learning-rate range test, and what it suggests
    course.regularization penalties, decoupled weight decay, dropout, early stopping
    course.features      hue histograms, oriented gradients, visual words, pipelines
    course.schedules     learning-rate schedules, warm restarts, an optimizer that follows them
    course.augmentation  other views of images, drawn anew each time
    course.finetuning    groups of layers and their rates, freezing, precomputed activations
    course.learner       the eight steps of the lecture as one object, with checkpoints
    course.tta           predictions averaged over augmented views
    course.invariance    shifts and deformations, what layers make of them, BlurPool
    course.scattering    the scattering transform: invariant features without learning
    course.data          images to learn from, without a download
    course.models        the small networks of the week, one of them trained on A to Z
    course.figures       the pictures of the course, each a matplotlib `Figure`
    course.testing       what the test cells of a notebook use
    course.errors        everything that the library raises on purpose
"""

__all__: list[str] = []
