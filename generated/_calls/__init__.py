# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Calls of compiled kernels without a step of Python in between, for those that come again and again.

The description of such a call is an array of whole numbers: what its arguments look like, what the kernel takes, and
what becomes of its results. Objects are told by their addresses.
"""
