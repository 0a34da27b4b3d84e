# eqc-inputs: f8d649419888a8b3ad4ce124fe5a7d09c33e5939a37c75ce719d348810e9c28a
"""Calls of compiled kernels without a step of Python in between, for those that come again and again.

The description of such a call is an array of whole numbers: what its arguments look like, what the kernel takes, and
what becomes of its results. Objects are told by their addresses.
"""
