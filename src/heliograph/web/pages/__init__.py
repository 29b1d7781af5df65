"""The pages for people, rendered on the server; reading works without JavaScript."""
