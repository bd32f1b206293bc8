"""Who depends on whom, mapped from the connections that agents observe. Pure: places + observations → relations."""
