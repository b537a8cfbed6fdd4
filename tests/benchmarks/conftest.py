"""The benchmarks are run from the root of the repository and installed nowhere."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))
