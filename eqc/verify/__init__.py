"""Evidence: every kernel against an oracle that evaluates the record's own formula in ball arithmetic."""
