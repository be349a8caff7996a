"""The analytics store: ClickHouse, embedded or a server; connection and schema."""
