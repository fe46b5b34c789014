"""The HTTP side of the application: what routes share, and `routes`, one module a resource."""
