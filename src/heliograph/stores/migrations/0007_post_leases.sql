-- Nobody leases messages of all kinds in one order any more.

DROP INDEX outbox_due;
