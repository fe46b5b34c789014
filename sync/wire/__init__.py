"""Every message that crosses a socket or the bus, as structs and as bytes."""
