"""Who is there, and where: awareness, cursors, and those connected to other processes."""
