# eqc-inputs: ae7fcfb1acb4e0e737ef772efb7ed64f30cf15faea8007ed0baa794c21ae2e1b
"""Calls of compiled kernels without a step of Python in between, for those that come again and again.

The description of such a call is an array of whole numbers: what its arguments look like, what the kernel takes, and
what becomes of its results. Objects are told by their addresses.
"""
