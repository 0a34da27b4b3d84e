"""Calling generated kernels: arguments, dtypes, leading axes, results, and importing the generated modules.

Needs NumPy and what is in `generated/`; nothing here knows how a kernel was made.
"""
