# eqc-inputs: 18c6aba81ea1c0bc1fb6a174fda3d57b8d8101f414c2053f6d3563a24c59c2db
"""Calls of compiled kernels without a step of Python in between, for those that come again and again.

The description of such a call is an array of whole numbers: what its arguments look like, what the kernel takes, and
what becomes of its results. Objects are told by their addresses.
"""
