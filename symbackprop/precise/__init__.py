"""The numbers of a graph in extra digits: values, derivatives between any two nodes, random points, training states."""
