"""Everything that keeps bytes: shards, cache, feeds, objects, outbox. The only room that imports a driver.

Makes no product decision. SQL stands in `sql/<feature>.sql` as named queries.
"""
