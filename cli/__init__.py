"""The command line of symbackprop; installed as `symbackprop_cli`."""
