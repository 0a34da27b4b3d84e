# eqc-inputs: f7ffc4bdf4b5e86a91039b9bab35e4f150bda144532029c51c338c680a7c1478
"""Calls of compiled kernels without a step of Python in between, for those that come again and again.

The description of such a call is an array of whole numbers: what its arguments look like, what the kernel takes, and
what becomes of its results. Objects are told by their addresses.
"""
