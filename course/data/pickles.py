"""Read a pickle that may hold plain data and NumPy arrays, and nothing else.

A pickle is a program: read without care, it can run any command. This reader looks up only
what it takes to rebuild an array of plain numbers, and refuses every other name before anything
is called. Names of NumPy 1 and 2 lead to the same functions. The option chosen: a list of what
is allowed, never one of what is not.
"""

import io
import pickle
from typing import Any

import numpy as np
from numpy._core.multiarray import _reconstruct  # what arrays name in their pickles

__all__ = ["load_plain_pickle"]

ALLOWED: dict[tuple[str, str], Any] = {
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str, /) -> Any:
        try:
            return ALLOWED[module_name, global_name]
        except KeyError:
            reason = f"it asks for {module_name}.{global_name}, which no plain data needs"
            raise pickle.UnpicklingError(reason) from None


def load_plain_pickle(content: bytes) -> object:
    """The object in a pickle; strings of Python 2 come as bytes.

    Raises:
        pickle.UnpicklingError: if it is damaged, or asks for anything but arrays.

    Example:
        >>> load_plain_pickle(pickle.dumps({"labels": [6, 9], "data": np.arange(3)}))
        {'labels': [6, 9], 'data': array([0, 1, 2])}
        >>> load_plain_pickle(pickle.dumps(print))
        Traceback (most recent call last):
        _pickle.UnpicklingError: it asks for builtins.print, which no plain data needs
    """
    try:
        return _PlainUnpickler(io.BytesIO(content), encoding="bytes").load()
    except pickle.UnpicklingError:
        raise
    except Exception as error:  # noqa: BLE001 - damaged bytes raise whatever they please
        raise pickle.UnpicklingError(f"it is damaged: {error}") from None
