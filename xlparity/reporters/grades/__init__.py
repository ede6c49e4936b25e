"""The grades of a class: a table for the terminal and as CSV, a page for the class, and one for each student."""
