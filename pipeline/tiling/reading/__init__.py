"""From files and tables to layers: a table of attributes and a column of WKB in degrees."""
