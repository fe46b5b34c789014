"""The shelves of users: what they opened, pins, tags, their lists, and the trash."""
