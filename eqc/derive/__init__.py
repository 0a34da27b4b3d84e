"""Derivatives: program in, program out."""
