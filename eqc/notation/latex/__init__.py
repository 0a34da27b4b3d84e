"""LaTeX read through a record's glossary: tokens, boxes as TeX makes them, symbols, and the notation tree."""
