"""Numbers of things in node ids of GitHub.

GraphQL shows no other one of statuses of deployments, and of whatever has outgrown the 32 bits of `databaseId`.

    MDEwOkRlcGxveW1lbnQzMTU2MDE1NjM=    base64 of `010:Deployment315601563`
    DE_kwDOE8v0KM4Sz6Vr                 a kind, and base64 of the MessagePack array [0, repository, number]

Source: docs.github.com/graphql/guides/migrating-graphql-global-node-ids
"""

import base64
import re

import msgspec

_KIND = re.compile(r"[A-Z][A-Za-z]*_(?P<rest>[\w-]+)")
_OLD = re.compile(r"\d+:[A-Za-z]+?(?P<number>\d+)")


def number(node_id: str, database_id: int | None = None) -> str:
    """The number that REST calls `id`; the node id itself where it does not hold one as we know them."""
    if database_id is not None:
        return str(database_id)
    match = _KIND.fullmatch(node_id)
    text = match["rest"] if match else node_id
    try:
        content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        if match:
            return str(msgspec.msgpack.decode(content, type=list[int])[-1])
        old = _OLD.fullmatch(content.decode())
    except (ValueError, IndexError, msgspec.DecodeError):
        return node_id
    return old["number"] if old else node_id
