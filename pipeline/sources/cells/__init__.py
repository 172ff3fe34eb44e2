"""What Excel shows in a cell: number formats, and what a sheet's XML says beside its values."""
