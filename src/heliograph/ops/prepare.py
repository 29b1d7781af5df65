"""What must be true of the stores before programs start: the schema is there, and Valkey's feeds are told old from new.

It changes the schema and one key of Valkey, never a row of the product.
"""

from heliograph.base.settings import Settings
from heliograph.base.topology import topology_of
from heliograph.ops.embedded import Stores
from heliograph.stores import schema
from heliograph.stores.queries import load
from heliograph.stores.shards import Shards
from heliograph.stores.valkey import Valkey

sql = load("usage")

CONNECTIONS = 2


async def prepare(settings: Settings, stores: Stores) -> bool:
    """Migrate, and vouch for Valkey where it has lost nothing. Whether the site has an admin.

    `settings` name the stores. Must run before anybody else connects: the first who greets a new run of Valkey
    without vouching starts a new generation of feeds.
    """
    if stores.lossless:
        async with Valkey.open(stores.valkey_url, vouch=True) as valkey:
            await valkey.ping()
    async with Shards.open(topology_of(settings), CONNECTIONS) as shards:
        await schema.migrate(shards)
        return any(row["has_admin"] for row in await shards.scatter(sql.has_admin))
