# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Items that are added up, in double precision."""

from numba import njit


@njit(cache=True, nogil=True, error_model="numpy")
def add_items(block, totals):
    """Add the items of a block to their totals, four at a time: totals are read less often."""
    if totals.shape[0] == 1:
        totals[0] += _sum(block.reshape(block.size))
        return
    items = block.shape[0]
    whole = items - items % 4
    for item in range(0, whole, 4):
        for k in range(totals.shape[0]):
            totals[k] = totals[k] + block[item, k] + block[item + 1, k] + block[item + 2, k] + block[item + 3, k]
    for item in range(whole, items):
        for k in range(totals.shape[0]):
            totals[k] += block[item, k]


@njit(error_model="numpy")
def _sum(numbers):
    """The sum of numbers, as four sums that do not wait for each other."""
    first = second = third = fourth = 0.0
    whole = len(numbers) - len(numbers) % 4
    for n in range(0, whole, 4):
        first += numbers[n]
        second += numbers[n + 1]
        third += numbers[n + 2]
        fourth += numbers[n + 3]
    for n in range(whole, len(numbers)):
        first += numbers[n]
    return (first + second) + (third + fourth)
