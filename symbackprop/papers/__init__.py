"""A document in Markdown or LaTeX: its formulas, tables and headings with their places."""
