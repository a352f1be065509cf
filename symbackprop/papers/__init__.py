"""A document of a student or a textbook, in Markdown or LaTeX: its formulas, tables and headings with their places."""
