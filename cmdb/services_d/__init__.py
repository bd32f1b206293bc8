"""What the files of `services.d` say of services and agreements: read, written, edited. Not what becomes of it."""
