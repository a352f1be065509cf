"""Models of other libraries: read, and written in equations of the expression language."""
