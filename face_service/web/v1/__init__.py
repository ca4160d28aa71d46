"""The JSON API: tables of operations, from which both the routes and OpenAPI are made."""
