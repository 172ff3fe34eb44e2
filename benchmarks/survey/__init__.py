"""How fast records of a survey become cells of the standard grid, beside plain geopandas."""
