# eqc-inputs: 2c94c7f770aa8c1f8299088ecc6caea55a0061d90a0e949d1d0c90fda0d383c6
"""Calls of compiled kernels without a step of Python in between, for those that come again and again.

The description of such a call is an array of whole numbers: what its arguments look like, what the kernel takes, and
what becomes of its results. Objects are told by their addresses.
"""
