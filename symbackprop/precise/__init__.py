"""The numbers of a graph in extra digits: values, derivatives, random points, training states."""
