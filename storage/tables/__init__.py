"""The tables of the database, by what they are about; `storage.table` has all of them."""
