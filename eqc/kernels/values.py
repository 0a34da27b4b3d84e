"""What people pass, as arrays that the generated functions take: float32 or float64 throughout, integers as int64."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from eqc.kernels.binding import Zero
from eqc.kernels.signature import Tensor

Array: TypeAlias = NDArray[Any]
DType: TypeAlias = np.dtype[Any]
Operand: TypeAlias = Array | int | Zero

FLOAT32: Final[DType] = np.dtype(np.float32)
FLOAT64: Final[DType] = np.dtype(np.float64)
INT64: Final[DType] = np.dtype(np.int64)
_ACCEPTED = "kernels take float32, float64 and integers"


def read_operands(tensors: Sequence[Tensor], values: Sequence[Any]) -> tuple[list[Operand], DType]:
    """The values as arrays (one int for a per-call integer), not yet converted, and the dtype of the results.

    That is float64 if a real array or NumPy scalar is float64 or of integers, else float32 if there is one of float32;
    Python numbers and integer inputs do not decide it. Raises TypeError naming the symbol for anything else.
    """
    operands: list[Operand] = []
    wide = narrow = False
    for tensor, value in zip(tensors, values, strict=True):
        if type(value) is not np.ndarray:
            value, decides = _read(tensor, value)
        else:
            decides = True
            if tensor.per_call:
                value = _read_integer(tensor, value)
        if decides and tensor.kind == "real":
            dtype = value.dtype
            if dtype is FLOAT64 or _is_wide(tensor.name, dtype):
                wide = True
            else:
                narrow = True
        operands.append(value)
    return operands, FLOAT32 if narrow and not wide else FLOAT64


def convert(tensor: Tensor, array: Array, dtype: DType) -> Array:
    """The array in C order, aligned, writable and of its final dtype; itself if it is so already.

    Generated functions are compiled for such arrays only.
    """
    target = dtype if tensor.kind == "real" else INT64
    if array.dtype is not target and array.dtype != target and tensor.kind == "integer":
        array = _whole(tensor.name, array)
    if array.flags.carray and (array.dtype is target or array.dtype == target):
        return array
    return array.astype(target, order="C")


def _read(tensor: Tensor, value: Any) -> tuple[Any, bool]:
    """The value as an array or int, and whether it takes part in deciding the dtype."""
    if isinstance(value, Zero):
        return value, False
    if tensor.per_call:
        return _read_integer(tensor, value), False
    if isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{tensor.name} is the truth value {value}; {_ACCEPTED}")
    if isinstance(value, (int, float)) and not isinstance(value, np.generic):
        return _python_number(tensor, value), False
    return _as_array(tensor.name, value), True


def _python_number(tensor: Tensor, value: float) -> Array:
    try:
        return np.array(value, INT64 if tensor.kind == "integer" and isinstance(value, int) else FLOAT64)
    except OverflowError:
        raise ValueError(f"{tensor.name} is too large a number for a kernel") from None


def _as_array(name: str, value: Any) -> Array:
    try:
        return np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name} is no array: {error}") from None


def _is_wide(name: str, dtype: DType) -> bool:
    """Whether a real array of this dtype makes the results float64; float32 does not, in either byte order."""
    if dtype.kind in "iu":
        return True
    if dtype.kind == "f" and dtype.itemsize in (FLOAT32.itemsize, FLOAT64.itemsize):
        return dtype.itemsize == FLOAT64.itemsize
    raise TypeError(f"{name} has the dtype {dtype}; {_ACCEPTED}")


def _read_integer(tensor: Tensor, value: Any) -> int:
    """One integer per call, such as a stride."""
    if type(value) is int:
        whole = _as_array(tensor.name, value)
    else:
        whole = _whole(tensor.name, _as_array(tensor.name, value))
    if whole.ndim:
        raise ValueError(f"{tensor.name} has shape {whole.shape}, but it is one integer per call")
    if whole.dtype.kind == "O":
        raise ValueError(f"{tensor.name} is too large an integer for a kernel")
    return int(whole)


def _whole(name: str, array: Array) -> Array:
    """An array of whole numbers as int64; floats only if they are whole."""
    if array.dtype.kind not in "iuf" or array.dtype.itemsize > FLOAT64.itemsize:
        raise TypeError(f"{name} has the dtype {array.dtype}, but it is an integer")
    with np.errstate(invalid="ignore"):
        whole = array.astype(INT64)
    wrong = array[whole != array] if array.ndim else array.reshape(1)[np.atleast_1d(whole != array)]
    if wrong.size:
        raise TypeError(f"{name} has the value {wrong[0]}, but it is an integer")
    return whole
