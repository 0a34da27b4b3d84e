# eqc-inputs: 90379cb0fa8293a1aa0265591086686f02d91635c0c6fcc87b81ab63b26bc414
"""Calls of compiled kernels without a step of Python in between, for those that come again and again.

The description of such a call is an array of whole numbers: what its arguments look like, what the kernel takes, and
what becomes of its results. Objects are told by their addresses.
"""
