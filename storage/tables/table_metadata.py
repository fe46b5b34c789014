"""The metadata that all tables belong to, and the types of columns that several have."""

from sqlalchemy import BigInteger, Integer, MetaData, Text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite counts up by itself only in a column of the type INTEGER, written so (64 bits there too).
KEY = BigInteger().with_variant(Integer(), "sqlite")

# Compared byte by byte, as SQLite does anyway: so that the index finds the names of a beginning.
NAME = Text().with_variant(Text(collation="C"), "postgresql")
