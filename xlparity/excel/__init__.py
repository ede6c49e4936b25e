"""Excel's own things: what a workbook's file holds, and how it is changed."""
