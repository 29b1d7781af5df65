"""Workers: lease a message, call the domain, finish, retry or give up."""
