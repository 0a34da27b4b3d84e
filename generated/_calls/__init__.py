# eqc-inputs: e343a42ffa9bdc4605b23e128e2d9951c4baf8a6c884db4b1325565bb7f87925
"""Calls of compiled kernels without a step of Python in between, for those that come again and again.

The description of such a call is an array of whole numbers: what its arguments look like, what the kernel takes, and
what becomes of its results. Objects are told by their addresses.
"""
