"""Derivatives for people: the closed form that one would write, as text, LaTeX and SymPy."""
