"""The collection as static pages: formulas, glossaries, plots, evidence, relations. No page runs a script."""
