# eqc-inputs: ac3c1fbfed7bbdfcfe66ad01a7172cf907b63a35601dcaf3d9b9dc20ff13bb45
"""Calls of compiled kernels without a step of Python in between, for those that come again and again.

The description of such a call is an array of whole numbers: what its arguments look like, what the kernel takes, and
what becomes of its results. Objects are told by their addresses.
"""
