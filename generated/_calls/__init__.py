# eqc-inputs: f09189c0261e86dd631d45caef6f5839c1d6ebf98b98d410d959ae8ad5a6abf3
"""Calls of compiled kernels without a step of Python in between, for those that come again and again.

The description of such a call is an array of whole numbers: what its arguments look like, what the kernel takes, and
what becomes of its results. Objects are told by their addresses.
"""
