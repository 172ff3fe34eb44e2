"""Operations that make a dataset from others: pure functions from tables to a table."""
