"""What to tell a linear classifier about an image, when its pixels say too little.

Each feature forgets something on purpose. A hue histogram forgets where the colours are, a
histogram of oriented gradients (HOG) the brightness and the colour, a bag of visual words
where in the image its parts were. What is forgotten cannot mislead the classifier.

Images are floating arrays of (N, height, width) or (N, height, width, 3), from 0 to 1, as
`LabelledImages.images` holds them; features are (N, D). All is NumPy and vectorised over the
images. What is learnt from data (a codebook, a mean) is learnt in `fit` and nowhere else.
"""

from course.features.color import color_histogram
from course.features.oriented_gradients import hog, orientation_histograms
from course.features.patches import extract_patches
from course.features.pipeline import feature_pipeline, raw_pixels
from course.features.visual_words import BagOfVisualWords

__all__ = [
    "BagOfVisualWords",
    "color_histogram",
    "extract_patches",
    "feature_pipeline",
    "hog",
    "orientation_histograms",
    "raw_pixels",
]
