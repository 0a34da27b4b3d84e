# eqc-inputs: 8cfcaf60e0621fdebcea30a294f80c544dd666bef9480e9b16cec87e03ce481d
"""Calls of compiled kernels without a step of Python in between, for those that come again and again.

The description of such a call is an array of whole numbers: what its arguments look like, what the kernel takes, and
what becomes of its results. Objects are told by their addresses.
"""
