"""The page: a solution as one file of HTML that one steps through and whose numbers can be changed."""
