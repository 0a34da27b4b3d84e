"""The index-notation program: statements that assign tensors over indices with symbolic extents."""
